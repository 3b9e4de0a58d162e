//! The trace of a request in the header `traceparent`: read if a trusted proxy sent it, and written for back ends.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::are_sent;
use crate::client_ip::TrustedProxies;

/// Makes the span part of the trace that a trusted proxy began, if spans are sent. Ignores the header `traceparent`
/// of all other peers: with it, any client could add spans to any trace, and have all of them sampled.
pub(crate) fn set_parent(span: &Span, request: &ServiceRequest) {
    if !are_sent() {
        return;
    }
    let proxies = request.app_data::<TrustedProxies>();
    if proxies.is_some_and(|proxies| proxies.is_trusted_peer(request.request())) {
        let parent = TraceContextPropagator::new().extract(&Headers(request.headers()));
        // Fails only for a span that has already begun.
        drop(span.set_parent(parent));
    }
}

/// Adds the trace of the current span to the headers of a call to a back end, if spans are sent. Otherwise the client's own
/// trace stays.
pub(crate) fn add_trace(headers: &mut HeaderMap) {
    if are_sent() {
        let context = Span::current().context();
        TraceContextPropagator::new().inject_context(&context, &mut OutgoingHeaders(headers));
    }
}

struct OutgoingHeaders<'a>(&'a mut HeaderMap);

impl Injector for OutgoingHeaders<'_> {
    fn set(&mut self, key: &str, value: String) {
        let name = HeaderName::try_from(key).ok();
        let value = HeaderValue::try_from(value).ok();
        if let Some((name, value)) = name.zip(value) {
            self.0.insert(name, value);
        }
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}
