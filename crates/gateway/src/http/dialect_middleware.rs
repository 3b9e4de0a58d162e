//! Per-dialect middleware: records usage, and rejects requests while the dialect is being retired.

use std::rc::Rc;
use std::sync::Arc;

use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::guard::fn_guard;
use actix_web::http::Method;
use actix_web::web::{ServiceConfig, scope};
use actix_web::{Error, HttpMessage as _};
use isogloss_core::{Auth, AuthError, ClientFilter, ClientIdentity, ClientIp, ObservedRequest};
use isogloss_dialect::back_end::Relayed;
use time::OffsetDateTime;

use super::public::PublicState;
use super::self_probe;
use crate::access_log;
use crate::back_end;
use crate::dialects::Mount;
use crate::refusals::{Cause, RefusalLog, RefusedCall, fault_of};
use crate::sunset::{DialectSunset, Rejection, RequestSummary};
use crate::telemetry::{self, PlannedRejection};
use crate::usage::{Endpoints, UsageCall, UsageCounter, user_agent};

/// The middleware of one dialect. Each thread has its own.
pub(crate) struct DialectMiddleware {
    dialect: &'static str,
    auth: Auth,
    counter: UsageCounter,
    refusals: RefusalLog,
    endpoints: Endpoints,
    sunset: Option<Arc<DialectSunset>>,
}

/// A call that is being processed.
pub(crate) struct InFlightCall {
    middleware: Rc<DialectMiddleware>,
    call: Option<UsageCall>,
    summary: Option<RequestSummary>,
    rejection: Option<Rejection>,
}

impl DialectMiddleware {
    /// Creates the middleware of a dialect for the current thread.
    pub(crate) fn new(mount: &Mount, state: &PublicState) -> Rc<Self> {
        Rc::new(Self {
            dialect: mount.name,
            auth: state.auth.clone(),
            counter: state.usage.counter(),
            refusals: state.refusals.clone(),
            endpoints: Endpoints::for_mount(mount),
            sunset: state.sunsets.get(mount.name),
        })
    }

    /// Adds the service that responds to rejected calls with the dialect's own errors, if the dialect's
    /// retirement may reject calls.
    pub(crate) fn configure(&self, mount: &Mount, cfg: &mut ServiceConfig) {
        if self
            .sunset
            .as_ref()
            .is_some_and(|sunset| sunset.may_reject())
        {
            let is_refused = fn_guard(|context| context.req_data().contains::<AuthError>());
            let refused = scope("").guard(is_refused);
            cfg.service(refused.configure(|cfg| mount.forward_auth(cfg)));
        }
    }

    /// Starts a call, and returns the state that [`InFlightCall::finish`] needs. Decides whether the call is
    /// rejected, as far as the head of the request shows; the extensions of a rejected request get the error for the
    /// dialect's handler. `pattern` is that of the call's route, `None` if no route matches.
    pub(crate) fn start(
        self: &Rc<Self>,
        request: &ServiceRequest,
        pattern: Option<&str>,
        source: Option<ClientIp>,
    ) -> InFlightCall {
        // Requests that a browser sends by itself (CORS preflight) and probes of `isogloss doctor` are not use
        // of the dialect by a client.
        let is_client = request.method() != Method::OPTIONS && !self_probe::is_probe(request);
        let is_recorded = self.counter.is_on() || self.refusals.is_on();
        let call = (is_client && is_recorded).then(|| UsageCall {
            dialect: self.dialect,
            endpoint: self.endpoints.find(pattern),
            user_agent: user_agent(request.head()),
            source,
        });
        let sunset = self.sunset.as_ref().filter(|sunset| sunset.may_reject());
        let summary = sunset.map(|_| RequestSummary {
            user_agent: user_agent(request.head()),
            source,
        });
        let rejection = sunset.zip(summary.as_ref());
        let rejection =
            rejection.and_then(|(sunset, summary)| sunset.rejection(summary, self.auth.now()));
        if let Some(rejection) = rejection {
            let mut extensions = request.extensions_mut();
            extensions.insert(rejection.error());
            extensions.insert(PlannedRejection);
        }
        InFlightCall {
            middleware: Rc::clone(self),
            call,
            summary,
            rejection,
        }
    }
}

impl InFlightCall {
    /// Runs the handler, counts the call, and returns the handler's result, with the headers of a dialect that
    /// is being retired. Fails if the handler fails.
    pub(crate) async fn finish<B, F>(mut self, handler: F) -> Result<ServiceResponse<B>, Error>
    where
        F: Future<Output = Result<ServiceResponse<B>, Error>>,
    {
        let (mut outcome, observed) = ObservedRequest::observe(self.client_filter(), handler).await;
        let client = &observed.client;
        if let Ok(response) = &outcome {
            access_log::record(response.request(), |record| record.user = client.user);
        }
        let now = self.middleware.auth.now();
        // An error of the back end is no refusal of the gateway.
        let refused = is_error(&outcome) && !is_relayed(&outcome);
        let rejection = self.apply_sunset(&mut outcome, client, now);
        if let Some(mut call) = self.call.take() {
            if is_relayed(&outcome) {
                // Also for a route of the dialect with another method.
                call.endpoint = self.middleware.endpoints.find(Some(back_end::ROUTE));
            }
            let counter = &self.middleware.counter;
            counter.record(&call, client, refused, now);
            if let (true, Ok(response)) = (refused, &outcome) {
                let fault = fault_of(rejection, response.response());
                self.record_refusal(&call, response, Cause { observed, fault }, now);
            }
        }
        outcome
    }

    /// Records that a call was refused.
    fn record_refusal<B>(
        &self,
        call: &UsageCall,
        response: &ServiceResponse<B>,
        cause: Cause,
        now: OffsetDateTime,
    ) {
        let request = response.request();
        let refused = RefusedCall {
            head: request.head(),
            source: call.source,
            request_id: telemetry::request_id_of(request),
            dialect: Some(self.middleware.dialect),
            route: call.endpoint.route().map(str::to_owned),
            status: response.status(),
        };
        self.middleware.refusals.record(&refused, cause, now);
    }

    /// Returns the check that core runs whenever it learns more about the client, or `None` if no client is
    /// blocked.
    fn client_filter(&self) -> Option<ClientFilter> {
        let sunset = self
            .middleware
            .sunset
            .clone()
            .filter(|sunset| sunset.blocks_clients())?;
        let summary = self.summary.clone()?;
        Some(Arc::new(move |client| sunset.is_blocked(client, &summary)))
    }

    /// Records a rejection and returns it, and adds the response headers of a dialect that is being retired. Does nothing
    /// and returns `None` for other dialects.
    fn apply_sunset<B>(
        &self,
        outcome: &mut Result<ServiceResponse<B>, Error>,
        client: &ClientIdentity,
        now: OffsetDateTime,
    ) -> Option<Rejection> {
        let sunset = self.middleware.sunset.as_ref()?;
        let mut rejection = self.rejection;
        if let Some(summary) = &self.summary {
            let blocked = sunset
                .is_blocked(client, summary)
                .then_some(Rejection::Blocked);
            rejection = rejection.or(blocked);
            if let Some(rejection) = rejection {
                sunset.record(rejection, client, summary, now);
            }
        }
        if let Ok(response) = outcome {
            sunset.add_headers(response.headers_mut());
            if let Some(rejection) = self.rejection {
                rejection.add_headers(response.headers_mut(), now);
            }
        }
        rejection
    }
}

/// Returns whether the response comes from a back end.
fn is_relayed<B>(outcome: &Result<ServiceResponse<B>, Error>) -> bool {
    let answered = outcome.as_ref();
    answered.is_ok_and(|response| response.response().extensions().contains::<Relayed>())
}

/// Returns whether the request failed. The status is not enough: a dialect may report an error with a
/// successful one.
fn is_error<B>(outcome: &Result<ServiceResponse<B>, Error>) -> bool {
    match outcome {
        Err(_) => true,
        Ok(response) => {
            let status = response.status();
            response.response().error().is_some()
                || status.is_client_error()
                || status.is_server_error()
        }
    }
}
