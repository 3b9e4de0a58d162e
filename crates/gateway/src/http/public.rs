//! The public application: the enabled dialects, each below its path, and the paths of their back ends.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Service as _, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{NormalizePath, from_fn};
use actix_web::web::{Data, PayloadConfig, to};
use actix_web::{App, Error, HttpMessage as _};
use isogloss_core::{Auth, Outbox};
use isogloss_reverse_proxy::ClientGone;
use tracing_actix_web::TracingLogger;

use super::completion::complete_or_end;
use super::dialect_scopes::DialectScopes;
use super::drain::Drain;
use super::original_target;
use super::security_headers::PublicHeaders;
use super::self_probe::{PendingProbe, SelfProbe};
use super::timeouts;
use super::unrouted::unrouted;
use crate::AccountPage;
use crate::access_log::{self, AccessLog, AccessLogger, OpenEntry};
use crate::back_end::BackEnds;
use crate::client_ip::TrustedProxies;
use crate::dialects::Mount;
use crate::introspection::PublicMetadata;
use crate::metrics::RequestMetrics;
use crate::refusals::RefusalLog;
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
    /// Records refused requests with their causes.
    pub refusals: RefusalLog,
    /// The dialects that are being retired.
    pub sunsets: Sunsets,
    /// Whether each response is the last one of its connection.
    pub drain: Drain,
    /// Records each request.
    pub access_log: AccessLog,
    /// Raised when a request ended as unavailable: the stores are then examined soon.
    pub recheck: Arc<HealthRecheck>,
    /// The back ends that get the calls for which dialects have no route.
    pub back_ends: BackEnds,
    /// The metadata and the keys of JWTs, if they are public.
    pub metadata: PublicMetadata,
    /// The page on which people set their passwords, if there is one.
    pub account: Option<AccountPage>,
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
    let scopes = state.mounts.iter();
    let scopes: Vec<_> = scopes
        .map(|mount| DialectScopes::new(mount, &state))
        .collect();
    let PublicState {
        auth,
        outbox,
        body_limit,
        body_timeout,
        hsts,
        proxies,
        probe,
        drain,
        access_log,
        recheck,
        back_ends,
        metadata,
        account,
        mounts: _,
        usage: _,
        refusals,
        sunsets: _,
    } = state;
    let relays = !back_ends.is_empty();
    let probed = back_ends;
    let logger = Rc::new(AccessLogger {
        log: access_log,
        proxies: proxies.clone(),
        auth: auth.clone(),
    });
    // Layers run from the bottom up: the last `wrap` sees a request first.
    let mut app = App::new()
        .app_data(Data::new(auth))
        .app_data(Data::new(outbox))
        .app_data(Data::new(probe))
        .app_data(Data::from(recheck))
        .app_data(PayloadConfig::new(body_limit))
        .app_data(proxies.clone())
        .app_data(refusals)
        // No dialect has these paths, and no back end gets them.
        .configure(|cfg| metadata.configure(cfg))
        .configure(|cfg| {
            if let Some(account) = &account {
                account.configure(&proxies, cfg);
            }
        });
    for dialect in &scopes {
        app = app.service(dialect.own());
    }
    for dialect in &scopes {
        app = app.configure(|cfg| dialect.add_outside(cfg));
    }
    let headers = Rc::new(PublicHeaders::new(hsts));
    let outside = RequestMetrics::for_dialect("");
    app.default_service(to(unrouted).wrap(from_fn(move |request, next| {
        outside.clone().measure(request, next)
    })))
    .wrap(NormalizePath::trim())
    .wrap_fn(move |request, service| {
        if relays {
            original_target::save(&request);
        }
        let response = service.call(request);
        let headers = headers.clone();
        async move {
            let mut response = response.await?;
            headers.add(&mut response);
            Ok(response)
        }
    })
    .wrap_fn(move |mut request, service| {
        let (id, probe) = (
            telemetry::request_id_of(&request),
            PendingProbe::take(&mut request),
        );
        access_log::record(&request, |record| record.request_id = id);
        let response = service.call(request);
        let (drain, probed) = (drain.clone(), probed.clone());
        async move {
            let mut response = response.await?;
            telemetry::add_request_id(id, response.headers_mut());
            drain.write(&mut response);
            if let Some(probe) = probe {
                probe.add_report(&mut response, &probed).await;
            }
            Ok(response)
        }
    })
    .wrap(TracingLogger::<RootSpan>::new())
    // The layers inside of this one make all changes, audit records and counts.
    .wrap_fn(move |request, service| {
        let client_gone = relays.then(ClientGone::default);
        if let Some(client_gone) = client_gone.clone() {
            request.extensions_mut().insert(client_gone);
        }
        complete_or_end(service.call(request), client_gone)
    })
    .wrap_fn(move |request, service| {
        let entry = logger.begin(&request);
        let response = service.call(request);
        async move { OpenEntry::attach(entry, response.await) }
    })
    .wrap_fn(move |request, service| timeouts::enforce(body_timeout, request, service))
}
