//! The public application: the enabled dialects, each below its path, and no other routes.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Service as _, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{NormalizePath, from_fn};
use actix_web::web::{Data, PayloadConfig, scope, to};
use actix_web::{App, Error, HttpResponse};
use isogloss_core::audit::RequestContext;
use isogloss_core::{Auth, Outbox};
use tracing_actix_web::TracingLogger;

use super::completion::complete;
use super::dialect_middleware::DialectMiddleware;
use super::drain::Drain;
use super::security_headers::security_headers_with_hsts;
use super::self_probe::{self, PendingProbe, SelfProbe};
use super::timeouts;
use crate::access_log::{self, AccessLog, AccessLogger, OpenEntry};
use crate::client_ip::TrustedProxies;
use crate::dialects::Mount;
use crate::metrics::RequestMetrics;
use crate::store_health::HealthRecheck;
use crate::sunset::Sunsets;
use crate::telemetry::{self, RootSpan};
use crate::usage::UsageRecorder;

/// State of the public application.
#[derive(Clone)]
pub struct PublicState {
    /// Logins and tokens.
    pub auth: Auth,
    /// Sends e-mails.
    pub outbox: Outbox,
    /// The dialects in the order in which their paths are matched, the longest path first.
    pub mounts: Vec<Mount>,
    /// The largest request body, in bytes.
    pub body_limit: usize,
    /// How long a request body may take.
    pub body_timeout: Duration,
    /// `max-age` of `Strict-Transport-Security` (HSTS). Zero omits the header.
    pub hsts: Duration,
    /// Proxies that are trusted to report the client IP.
    pub proxies: TrustedProxies,
    /// Responds to probes of `isogloss doctor`.
    pub probe: SelfProbe,
    /// Counts the use of dialects.
    pub usage: UsageRecorder,
    /// The dialects that are being retired.
    pub sunsets: Sunsets,
    /// Whether each response is the last one of its connection.
    pub drain: Drain,
    /// Records each request.
    pub access_log: AccessLog,
    /// Raised when a request ended as unavailable: the stores are then examined soon.
    pub recheck: Arc<HealthRecheck>,
}

/// Builds the public application from its state, in the binary and in tests.
pub fn app(
    state: PublicState,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let PublicState {
        auth,
        outbox,
        mounts,
        body_limit,
        body_timeout,
        hsts,
        proxies,
        probe,
        usage,
        sunsets,
        drain,
        access_log,
        recheck,
    } = state;
    let logger = AccessLogger {
        log: access_log,
        proxies: proxies.clone(),
        auth: auth.clone(),
    };
    // Layers run from the bottom up: the last `wrap` sees a request first.
    let mut app = App::new()
        .app_data(Data::new(auth.clone()))
        .app_data(Data::new(outbox))
        .app_data(Data::new(probe))
        .app_data(Data::from(recheck))
        .app_data(PayloadConfig::new(body_limit))
        .app_data(proxies.clone());
    for mount in mounts {
        let (name, proxies) = (mount.name, proxies.clone());
        let requests = RequestMetrics::for_dialect(name);
        let middleware = DialectMiddleware::new(&mount, &auth, &usage, &sunsets);
        let rejecting = Rc::clone(&middleware);
        app = app.service(
            scope(&mount.pattern())
                .wrap_fn(move |mut request, service| {
                    self_probe::record_dialect(name, &request);
                    let timer = requests.start_timer(&request);
                    telemetry::record_dialect(name, timer.route());
                    access_log::record(&request, |record| {
                        record.dialect = Some(name);
                        record.route = timer.route().map(str::to_owned);
                    });
                    // A probe of `isogloss doctor` reports a client IP on purpose.
                    if !self_probe::is_probe(&request) {
                        proxies.warn_of_unlisted_peer(&request);
                    }
                    let caller = RequestContext {
                        dialect: Some(name),
                        source: proxies.record_client_ip(&request),
                        request_id: telemetry::request_id_of(&request),
                        actor: None,
                    };
                    proxies.remove_forwarded_headers(&mut request);
                    let call = middleware.start(&request, timer.pattern(), caller.source);
                    let response = call.finish(caller.scope(service.call(request)));
                    async move { timer.finish(response.await) }
                })
                .configure(|cfg| rejecting.configure(&mount, cfg))
                .configure(|cfg| mount.configure(None, cfg)),
        );
    }
    let outside = RequestMetrics::for_dialect("");
    app.default_service(
        to(HttpResponse::NotFound).wrap(from_fn(move |request, next| {
            outside.clone().measure(request, next)
        })),
    )
    .wrap(NormalizePath::trim())
    .wrap(security_headers_with_hsts(hsts))
    .wrap_fn(move |mut request, service| {
        let (id, probe) = (
            telemetry::request_id_of(&request),
            PendingProbe::take(&mut request),
        );
        access_log::record(&request, |record| record.request_id = id);
        let response = service.call(request);
        let drain = drain.clone();
        async move {
            let mut response = response.await?;
            telemetry::add_request_id(id, response.headers_mut());
            drain.write(&mut response);
            if let Some(probe) = probe {
                probe.add_report(&mut response);
            }
            Ok(response)
        }
    })
    .wrap(TracingLogger::<RootSpan>::new())
    // The layers inside of this one make all changes, audit records and counts.
    .wrap_fn(|request, service| complete(service.call(request)))
    .wrap_fn(move |request, service| {
        let entry = logger.begin(&request);
        let response = service.call(request);
        async move { OpenEntry::attach(entry, response.await) }
    })
    .wrap_fn(move |request, service| timeouts::enforce(body_timeout, request, service))
}
