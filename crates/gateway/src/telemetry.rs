//! Logs, and the span of each request if a log level or a trace collector needs it.

pub(crate) mod otlp;
mod panic_hook;
mod request_fields;

use std::io::IsTerminal as _;
use std::panic;
use std::sync::OnceLock;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{Error, HttpMessage, HttpRequest};
use isogloss_core::audit::RequestContext;
use isogloss_dialect::route::readable;
use tracing::{Level, Span, debug, error, field};
use tracing_actix_web::{RequestId, RootSpanBuilder};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Registry, reload};
use uuid::Uuid;

use self::request_fields::WithRequestFields;
use crate::config::{LogFormat, Logging, Tracing};
use crate::metrics::CountedRoute;

/// Directives against log lines of libraries: actix-server repeats at every start what the gateway logs itself,
/// actix-http logs a client's malformed request as an error of the gateway, and ureq logs each request of the
/// exporter of traces.
const QUIET: &str = "actix_server=warn,actix_http::h1=off,ureq=info,ureq_proto=info";

/// Handle that changes the log level at run time.
static LEVEL: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();

/// Starts logging to the standard error, panics included, and sending traces if that is configured.
pub(crate) fn start(logging: &Logging, tracing: &Tracing) {
    let traces = otlp::layer(tracing);
    let (filter, level) = reload::Layer::new(filter(logging));
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(is_coloured())
        .with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(filter).with(traces);
    match logging.format {
        LogFormat::Text => {
            let lines = lines
                .with_target(false)
                .fmt_fields(request_fields::fields())
                .map_event_format(WithRequestFields::text);
            registry.with(lines).init();
        }
        LogFormat::Json => {
            let lines = lines.json().map_event_format(WithRequestFields::json);
            registry.with(lines).init();
        }
    }
    // Cannot fail: logging starts once in a process.
    drop(LEVEL.set(level));
    panic::set_hook(Box::new(panic_hook::report));
}

/// Returns whether the log is coloured: at a terminal that supports colours, unless the user has switched them
/// off (<https://no-color.org>, and `CLICOLOR=0`).
fn is_coloured() -> bool {
    std::io::stderr().is_terminal()
        && anstyle_query::term_supports_ansi_color()
        && !anstyle_query::no_color()
        && anstyle_query::clicolor() != Some(false)
}

/// Changes the log level from now on. Logs an error if that fails.
pub(crate) fn set_level(logging: &Logging) {
    if let Some(level) = LEVEL.get()
        && let Err(error) = level.reload(filter(logging))
    {
        error!(%error, "cannot change the level of the log");
    }
}

/// Returns the filter of log lines and spans. Its directives were checked with the configuration.
fn filter(logging: &Logging) -> EnvFilter {
    // A span that the log level excludes may still be sent to a collector.
    let spans = if otlp::are_sent() {
        format!("{}=info,", otlp::TARGET)
    } else {
        String::new()
    };
    EnvFilter::new(format!("{QUIET},{spans}{}", logging.directives()))
}
/// Mark of a request that is refused as planned, so that no operator needs to act.
pub(crate) struct PlannedRejection;

/// Builder of the span of a request. The span has the pattern of the route, never the URL: two dialects have
/// passwords and tokens in URLs.
pub(crate) struct RootSpan;

/// Returns whether spans are needed: for a trace collector, or for a log line per request at level `debug`.
/// Other log lines are few, and get the fields of their request [without a span](request_fields).
fn spans_are_wanted() -> bool {
    otlp::are_sent() || tracing::enabled!(Level::DEBUG)
}

impl RootSpanBuilder for RootSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        if !spans_are_wanted() {
            return Span::none();
        }
        let request_id = request.extensions().get::<RequestId>().copied();
        let span = tracing::info_span!(
            "request",
            request_id = request_id.map(field::display),
            dialect = field::Empty,
            http.method = request.method().as_str(),
            http.route = field::Empty,
            http.status_code = field::Empty,
        );
        otlp::set_parent(&span, request);
        span
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let (status, refusal) = match outcome {
            Ok(response) => (response.status(), response.response().error()),
            Err(error) => (error.as_response_error().status_code(), Some(error)),
        };
        span.record("http.status_code", status.as_u16());
        let Some(refusal) = refusal else {
            debug!("answered");
            return;
        };
        // The status of the error itself: the one that the dialect sends may hide the error.
        let is_planned = outcome.as_ref().is_ok_and(|response| {
            response
                .request()
                .extensions()
                .contains::<PlannedRejection>()
        });
        let status = refusal.as_response_error().status_code();
        if status.is_server_error() && !is_planned {
            let request = outcome.as_ref().ok().map(ServiceResponse::request);
            let counted = request.and_then(CountedRoute::of);
            let route = counted.map(|counted| counted.name()).or_else(|| {
                let pattern = request.and_then(HttpRequest::match_pattern);
                pattern.as_deref().map(readable)
            });
            let request_id = request.and_then(|request| {
                let extensions = request.extensions();
                extensions.get::<RequestId>().map(|id| **id)
            });
            let caller = RequestContext {
                request_id,
                ..RequestContext::default()
            };
            caller.within(|| error!(reason = %refusal, route, "could not answer"));
        } else {
            debug!(reason = %refusal, "refused");
        }
    }
}

/// Adds the header `X-Request-Id`, by which the client's request can be found in the log, if there is an
/// identifier.
pub(crate) fn add_request_id(id: Option<Uuid>, headers: &mut HeaderMap) {
    const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

    let mut text = Uuid::encode_buffer();
    let text = id.map(|id| id.hyphenated().encode_lower(&mut text));
    if let Some(value) = text.and_then(|text| HeaderValue::from_str(text).ok()) {
        headers.insert(X_REQUEST_ID, value);
    }
}

/// Returns the identifier of a request in log lines and in the response, or `None` outside of the public
/// application.
pub(crate) fn request_id_of(request: &impl HttpMessage) -> Option<Uuid> {
    request.extensions().get::<RequestId>().map(|id| **id)
}

/// Records in the current span a route that its handler knows better than the router.
pub(crate) fn record_route(route: &str) {
    Span::current().record("http.route", route);
}

/// Records in the current span which dialect and which of its routes a request is for.
pub(crate) fn record_dialect(name: &'static str, route: Option<&str>) {
    let span = Span::current();
    span.record("dialect", name);
    if let Some(route) = route {
        span.record("http.route", route);
    }
}
