//! Exports spans with the attributes that are listed here and no others, under OpenTelemetry's names.

use std::time::Duration;

use opentelemetry::trace::{SpanKind, Status};
use opentelemetry::{KeyValue, Value};
use opentelemetry_otlp::{Protocol, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter, SpanLinks};
use tracing::warn;

use super::http_client::Collector;
use crate::config::BaseUrl;

/// Sends spans to a collector.
#[derive(Debug)]
pub(super) struct Exporter(opentelemetry_otlp::SpanExporter);

impl Exporter {
    /// Creates an exporter to that collector. Returns `None`, and logs the reason, if that is not possible.
    pub(super) fn new(collector: BaseUrl) -> Option<Self> {
        let endpoint = format!("{}/v1/traces", collector.as_str());
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_http_client(Collector::new(collector))
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(endpoint)
            .build();
        match exporter {
            Ok(exporter) => Some(Self(exporter)),
            Err(error) => {
                warn!(%error, "traces cannot be sent");
                None
            }
        }
    }
}

impl SpanExporter for Exporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0
            .export(batch.into_iter().map(to_server_span).collect())
            .await
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

/// Converts a span to the form that collectors expect of servers. Drops attributes that are not listed.
fn to_server_span(span: SpanData) -> SpanData {
    let value = |key: &str| {
        let mut attributes = span.attributes.iter();
        let found = attributes.find(|attribute| attribute.key.as_str() == key);
        found.map(|attribute| attribute.value.clone())
    };
    let route = value("http.route");
    let status = value("http.status_code");
    let method = value("http.method").map(|method| known_method(method.as_str().as_ref()));
    let name = match (method, &route) {
        (Some(method), Some(route)) => format!("{method} {}", route.as_str()),
        (Some(method), None) => method.to_owned(),
        (None, _) => "HTTP".to_owned(),
    };
    let failed = matches!(status, Some(Value::I64(500..)));
    let attributes = [
        ("http.request.method", method.map(Value::from)),
        ("http.route", route),
        ("http.response.status_code", status),
        ("isogloss.dialect", value("dialect")),
        ("isogloss.request_id", value("request_id")),
    ];
    let attributes = attributes.into_iter();
    SpanData {
        name: name.into(),
        span_kind: SpanKind::Server,
        attributes: attributes
            .filter_map(|(key, value)| Some(KeyValue::new(key, value?)))
            .collect(),
        status: if failed {
            Status::error("")
        } else {
            Status::Unset
        },
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        ..span
    }
}

/// Returns the method, or `_OTHER` for a method that is not listed: clients may invent any number of them.
fn known_method(method: &str) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"];

    let known = KNOWN.into_iter().find(|known| *known == method);
    known.unwrap_or("_OTHER")
}
