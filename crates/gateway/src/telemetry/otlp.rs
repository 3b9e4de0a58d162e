//! Traces: sends the span of each request to a collector by OTLP, if a collector is configured.

mod exporter;
mod http_client;
mod trace_parent;

use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchSpanProcessor, Sampler, SdkTracerProvider};
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use self::exporter::Exporter;
pub(crate) use self::trace_parent::{add_trace, set_parent};
use crate::config::Tracing;

/// Target of the span of a request: the module that creates it. Nothing else is sent.
pub(crate) const TARGET: &str = "isogloss_gateway::telemetry";
/// How long a shutdown waits for the collector to accept the last spans.
const LONGEST_FLUSH: Duration = Duration::from_secs(5);

/// Provider that sends spans; not set if none are sent.
static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// Returns whether spans are sent.
pub(crate) fn are_sent() -> bool {
    PROVIDER.get().is_some()
}

/// Returns the layer that passes spans to a thread of its own, which sends them. Returns `None` if no collector is
/// configured, or there can be no exporter to it.
pub(crate) fn layer<S>(settings: &Tracing) -> Option<impl Layer<S> + use<S>>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let collector = settings.collector().ok().flatten()?;
    let exporter = Exporter::new(collector)?;
    let service = Resource::builder_empty()
        .with_service_name(settings.service_name.clone())
        .with_attribute(opentelemetry::KeyValue::new(
            "service.version",
            env!("CARGO_PKG_VERSION"),
        ));
    // If a proxy in front of the gateway began the trace, it has decided whether the trace is sampled.
    let sampler = Sampler::TraceIdRatioBased(settings.sample_ratio);
    let provider = SdkTracerProvider::builder()
        .with_span_processor(BatchSpanProcessor::builder(exporter).build())
        .with_sampler(Sampler::ParentBased(Box::new(sampler)))
        .with_resource(service.build())
        .build();
    let tracer = provider.tracer("isogloss");
    let layer = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_context_activation(false)
        .with_filter(filter_fn(|metadata| {
            metadata.is_span() && metadata.target() == TARGET
        }));
    // Cannot fail: logging starts once in a process.
    drop(PROVIDER.set(provider));
    Some(layer)
}

/// Sends the spans that are not sent yet, for at most [`LONGEST_FLUSH`], and stops the sending of spans. Does nothing
/// if spans are not sent.
pub(crate) async fn finish() {
    let Some(provider) = PROVIDER.get() else {
        return;
    };
    // An unreachable collector has been logged.
    drop(tokio::task::spawn_blocking(|| provider.shutdown_with_timeout(LONGEST_FLUSH)).await);
}
