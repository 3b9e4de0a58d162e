//! Per-dialect middleware: records usage, and rejects requests while the dialect is being retired.

use std::rc::Rc;
use std::sync::Arc;

use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::guard::fn_guard;
use actix_web::http::Method;
use actix_web::web::{ServiceConfig, scope};
use actix_web::{Error, HttpMessage as _};
use isogloss_core::{Auth, AuthError, ClientFilter, ClientIdentity, ClientIp};
use isogloss_dialect::back_end::Relayed;
use time::OffsetDateTime;

use super::self_probe;
use crate::access_log;
use crate::back_end;
use crate::dialects::Mount;
use crate::sunset::{DialectSunset, Rejection, RequestSummary, Sunsets};
use crate::telemetry::PlannedRejection;
use crate::usage::{Endpoints, UsageCall, UsageCounter, UsageRecorder, user_agent};

/// The middleware of one dialect. Each thread has its own.
pub(crate) struct DialectMiddleware {
    dialect: &'static str,
    auth: Auth,
    counter: UsageCounter,
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
    pub(crate) fn new(
        mount: &Mount,
        auth: &Auth,
        usage: &UsageRecorder,
        sunsets: &Sunsets,
    ) -> Rc<Self> {
        Rc::new(Self {
            dialect: mount.name,
            auth: auth.clone(),
            counter: usage.counter(),
            endpoints: Endpoints::for_mount(mount),
            sunset: sunsets.get(mount.name),
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
        let counts = self.counter.is_on()
            && request.method() != Method::OPTIONS
            && !self_probe::is_probe(request);
        let call = counts.then(|| UsageCall {
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
    pub(crate) async fn finish<B, F>(self, handler: F) -> Result<ServiceResponse<B>, Error>
    where
        F: Future<Output = Result<ServiceResponse<B>, Error>>,
    {
        let (mut outcome, client) = ClientIdentity::observe(self.client_filter(), handler).await;
        if let Ok(response) = &outcome {
            access_log::record(response.request(), |record| record.user = client.user);
        }
        let now = self.middleware.auth.now();
        // An error of the back end is no refusal of the gateway.
        let refused = is_error(&outcome) && !is_relayed(&outcome);
        self.apply_sunset(&mut outcome, &client, now);
        if let Some(mut call) = self.call {
            if is_relayed(&outcome) {
                // Also for a route of the dialect with another method.
                call.endpoint = self.middleware.endpoints.find(Some(back_end::ROUTE));
            }
            let counter = &self.middleware.counter;
            counter.record(&call, &client, refused, now);
        }
        outcome
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

    /// Records a rejection, and adds the response headers of a dialect that is being retired. Does nothing for
    /// other dialects.
    fn apply_sunset<B>(
        &self,
        outcome: &mut Result<ServiceResponse<B>, Error>,
        client: &ClientIdentity,
        now: OffsetDateTime,
    ) {
        let Some(sunset) = &self.middleware.sunset else {
            return;
        };
        if let Some(summary) = &self.summary {
            let blocked = sunset
                .is_blocked(client, summary)
                .then_some(Rejection::Blocked);
            if let Some(rejection) = self.rejection.or(blocked) {
                sunset.record(rejection, client, summary, now);
            }
        }
        if let Ok(response) = outcome {
            sunset.add_headers(response.headers_mut());
            if let Some(rejection) = self.rejection {
                rejection.add_headers(response.headers_mut(), now);
            }
        }
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
