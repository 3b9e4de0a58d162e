//! `/metrics`: what is counted, for Prometheus.

use actix_web::HttpResponse;
use actix_web::web::{Data, ServiceConfig, get, resource};
use anyhow::{Context as _, Result};
use metrics::{describe_counter, describe_gauge, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// From here on everything is counted.
pub(crate) fn start() -> Result<PrometheusHandle> {
    let handle = PrometheusBuilder::new()
        .install_recorder()
        .context("cannot count")?;
    describe_counter!(
        "isogloss_sessions_evicted_total",
        "Live sessions that ended because their user had too many"
    );
    describe_counter!(
        "isogloss_one_time_tokens_used_again_total",
        "Uses of one-time tokens that had been used before"
    );
    describe_counter!(
        "isogloss_logins_throttled_total",
        "Logins and letters that were refused because there had been too many tries"
    );
    describe_counter!(
        "isogloss_audit_lost_total",
        "Events that the audit log lost because its disk or database did not take them"
    );
    describe_counter!(
        "isogloss_sunset_refusals_total",
        "Calls that were refused because their dialect is being retired"
    );
    for (name, what) in [
        (
            "isogloss_hashing_queue_length",
            "Logins that wait for a hashing thread",
        ),
        ("isogloss_hashing_threads_busy", "Hashing threads at work"),
    ] {
        describe_gauge!(name, what);
        // Shown before the first login, too.
        gauge!(name).set(0);
    }
    Ok(handle)
}

pub(super) fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/metrics").route(get().to(show)));
}

async fn show(metrics: Data<PrometheusHandle>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(metrics.render())
}
