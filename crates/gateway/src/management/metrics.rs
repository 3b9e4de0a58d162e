//! `/metrics`: the metrics, for Prometheus.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{Data, ServiceConfig, get, resource};
use anyhow::{Context as _, Result};
use isogloss_core::directory::Directory;
use isogloss_core::store::TokenStore;
use isogloss_core::{NearCacheStatus, PoolStatus};
use metrics::{counter, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use tokio::time::{MissedTickBehavior, interval};

use crate::back_end::BackEnds;
use crate::metrics::names;

/// From 100 µs, which checks of tokens take, to 10 s, which nothing should.
const BUCKETS_SECONDS: [f64; 16] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
];
/// How often recorded durations are put into buckets, even without a scrape: until then, each one is stored.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// The recorder, and the gauges that are read at each scrape.
#[derive(Clone)]
pub(crate) struct Metrics {
    recorder: PrometheusHandle,
    process: Collector,
    tokens: Arc<dyn TokenStore>,
    directory: Arc<dyn Directory>,
    back_ends: BackEnds,
}

/// Installs the recorder of all metrics, and returns the handle that reads them. Fails if there is a recorder
/// already.
pub(crate) fn start() -> Result<PrometheusHandle> {
    let builder =
        names::TIMED
            .into_iter()
            .try_fold(PrometheusBuilder::new(), |builder, (name, _)| {
                builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), &BUCKETS_SECONDS)
            });
    let recorder = builder
        .and_then(PrometheusBuilder::install_recorder)
        .context("cannot count")?;
    names::describe();
    gauge!("isogloss_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1);
    Ok(recorder)
}

/// Merges recorded durations into buckets at a fixed interval, for as long as the gateway runs, so that they do
/// not fill the memory without a scrape.
pub(crate) async fn run_upkeep(recorder: PrometheusHandle) {
    let mut ticks = interval(UPKEEP_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        recorder.run_upkeep();
    }
}

impl Metrics {
    pub(crate) fn new(
        recorder: PrometheusHandle,
        tokens: Arc<dyn TokenStore>,
        directory: Arc<dyn Directory>,
    ) -> Self {
        let process = Collector::default();
        process.describe();
        Self {
            recorder,
            process,
            tokens,
            directory,
            back_ends: BackEnds::default(),
        }
    }

    /// Returns the metrics with those of these back ends.
    pub(crate) fn with_back_ends(self, back_ends: BackEnds) -> Self {
        Self { back_ends, ..self }
    }

    /// Returns all metrics in the text format of Prometheus.
    fn render(&self) -> String {
        self.process.collect();
        for (pool, connections) in [
            ("tokens", self.tokens.connections()),
            ("directory", self.directory.connections()),
        ] {
            if let Some(connections) = connections {
                show_pool(pool, connections);
            }
        }
        for (kept, near) in [
            ("tokens", self.tokens.cache_status()),
            ("users", self.directory.cache_status()),
        ] {
            if let Some(near) = near {
                show_near(kept, near);
            }
        }
        self.recorder.render() + &self.back_ends.render_metrics()
    }
}

/// Sets the metrics of the near cache with the label `what`: its entries, hits and misses.
#[expect(clippy::cast_precision_loss, reason = "no cache has so many entries")]
fn show_near(what: &'static str, near: NearCacheStatus) {
    let NearCacheStatus {
        entries,
        hits,
        misses,
    } = near;
    gauge!("isogloss_near_cache_entries", "kept" => what).set(entries as f64);
    counter!("isogloss_near_cache_hits_total", "kept" => what).absolute(hits);
    counter!("isogloss_near_cache_misses_total", "kept" => what).absolute(misses);
}

/// Sets the metrics of the connection pool with the label `pool`: its connections, and the requests that wait for
/// one.
#[expect(
    clippy::cast_precision_loss,
    reason = "no pool has so many connections"
)]
fn show_pool(pool: &'static str, connections: PoolStatus) {
    let PoolStatus {
        most,
        open,
        in_use,
        waiting,
    } = connections;
    gauge!("isogloss_pool_connections_max", "pool" => pool).set(most as f64);
    gauge!("isogloss_pool_connections_open", "pool" => pool).set(open as f64);
    gauge!("isogloss_pool_connections_in_use", "pool" => pool).set(in_use as f64);
    gauge!("isogloss_pool_waiting", "pool" => pool).set(waiting as f64);
}

/// Adds the route `GET /metrics` to `cfg`.
pub(super) fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/metrics").route(get().to(show)));
}

/// Returns the metrics in the text format of Prometheus.
#[utoipa::path(get, summary = "The metrics, for Prometheus.", path = "/metrics", operation_id = "metrics", tag = "health",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn show(metrics: Data<Metrics>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(metrics.render())
}
