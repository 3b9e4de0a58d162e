//! Sends a call to the back end of a dialect.

use std::rc::Rc;
use std::sync::Arc;

use actix_web::error::PayloadError;
use actix_web::guard::GuardContext;
use actix_web::http::header::{CONTENT_LENGTH, HOST, HeaderMap, UPGRADE};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use futures_util::future::LocalBoxFuture;
use isogloss_dialect::BodyError;
use isogloss_dialect::back_end::{
    BackEnd, BackEndError, RelayError, RelayedBody, RelayedCall, SharedBackEnd, TokenPolicy,
};
use isogloss_reverse_proxy::{
    ClientConnection, ClientGone, OutgoingBody, OutgoingRequest, ProxyWorker, SendError, Upgrade,
};

use super::ROUTE;
use super::body_removal::without_body_tokens;
use super::dialect_back_end::DialectBackEnd;
use super::metrics::{CLIENT_ABORTED, RelayMetrics};
use super::request_head;
use super::response_head::{HostNames, adapt};
use super::token_removal::without_query_tokens;
use crate::access_log;
use crate::config::TokenForwarding;
use crate::http::timeouts;
use crate::jwt::KeysUnavailable;
use crate::metrics::CountedRoute;
use crate::telemetry;

/// Returns the back end for the current thread.
pub(super) fn for_worker(back_end: Arc<DialectBackEnd>) -> SharedBackEnd {
    Rc::new(WorkerBackEnd(Rc::new(Worker {
        proxy: back_end.proxy.worker(),
        metrics: RelayMetrics::for_dialect(back_end.dialect),
        counted: CountedRoute::new(back_end.dialect, ROUTE.to_owned()),
        back_end,
    })))
}

/// The back end of one dialect, in one thread.
struct WorkerBackEnd(Rc<Worker>);

struct Worker {
    back_end: Arc<DialectBackEnd>,
    proxy: ProxyWorker,
    metrics: RelayMetrics,
    counted: CountedRoute,
}

impl BackEnd for WorkerBackEnd {
    fn claims(&self, call: &GuardContext<'_>) -> bool {
        self.0.back_end.claims(call.head())
    }

    fn token_policy(&self, call: &HttpRequest) -> TokenPolicy {
        self.0.back_end.token_policy(call.head())
    }

    fn token_search_limit(&self) -> usize {
        self.0.back_end.settings.proxy.token_search_limit
    }

    fn relay(
        &self,
        call: RelayedCall,
    ) -> LocalBoxFuture<'static, Result<HttpResponse, RelayError>> {
        let worker = Rc::clone(&self.0);
        Box::pin(async move { worker.relay(call).await })
    }
}

impl Worker {
    async fn relay(&self, call: RelayedCall) -> Result<HttpResponse, RelayError> {
        let request = call.request.clone();
        request.extensions_mut().insert(self.counted.clone());
        telemetry::record_route(ROUTE);
        timeouts::lift_body_deadline(&request);
        let outgoing = self.outgoing(call).await?;
        let names = HostNames {
            back_end: &self.back_end.hosts,
            public: host(&outgoing.headers),
        };
        // Stays if the client is gone first.
        access_log::record(&request, |record| record.back_end = Some(CLIENT_ABORTED));
        let timer = self.metrics.start_timer();
        let sent = tokio::select! {
            biased;
            sent = self.proxy.send(outgoing) => sent,
            () = timeouts::client_closed(request.clone()) => {
                Err(SendError::Body(PayloadError::Incomplete(None)))
            }
        };
        let outcome = timer.finish(&sent);
        access_log::record(&request, |record| record.back_end = Some(outcome));
        let mut response = sent.map_err(relay_error)?.response;
        adapt(response.headers_mut(), &names);
        Ok(timeouts::keep_connection_open(&request, response))
    }

    /// Returns the call as the back end gets it. Fails if its body cannot be changed as the settings require, or its JWT
    /// cannot be signed.
    async fn outgoing(&self, call: RelayedCall) -> Result<OutgoingRequest, RelayError> {
        let RelayedCall {
            request,
            mut body,
            session,
        } = call;
        let back_end = &*self.back_end;
        let settings = &back_end.settings.proxy;
        let target = request.uri().path_and_query();
        let mut target = target.map_or_else(|| "/".to_owned(), ToString::to_string);
        let mut length = announced_length(&request);
        if settings.token != TokenForwarding::Keep {
            target = without_query_tokens(&back_end.places, &target).into_owned();
            body = without_body_tokens(&back_end.places, request.headers(), body).await?;
        }
        let RelayedBody { start, rest } = body;
        if rest.is_none() && (length.is_some() || !start.is_empty()) {
            length = u64::try_from(start.len()).ok();
        }
        let policy = back_end.token_policy(request.head());
        let headers = request_head::headers(back_end, &request, policy, session.as_ref())
            .map_err(|KeysUnavailable| BackEndError::IdentityUnavailable)?;
        let client_gone = request.extensions().get::<ClientGone>().cloned();
        Ok(OutgoingRequest {
            method: request.method().clone(),
            target,
            headers,
            body: OutgoingBody {
                start,
                rest,
                length,
            },
            upgrade: upgrade(&request).filter(|_| settings.websockets),
            client_gone: client_gone.unwrap_or_default(),
            client: ClientConnection::from(request.head()),
        })
    }
}

/// Returns the length that the client announced, or `None` if it announced none.
fn announced_length(request: &HttpRequest) -> Option<u64> {
    let value = request.headers().get(CONTENT_LENGTH)?;
    value.to_str().ok()?.parse().ok()
}

/// Returns the protocol that the client wants to change to, or `None` if there is none that is relayed.
fn upgrade(request: &HttpRequest) -> Option<Upgrade> {
    let mut protocols = request.headers().get_all(UPGRADE);
    let protocol = protocols.next()?;
    let is_websocket = protocol.as_bytes().eq_ignore_ascii_case(b"websocket")
        && protocols.next().is_none()
        && request.head().upgrade();
    is_websocket.then_some(Upgrade::WebSocket)
}

/// Returns the host that the client named, or an empty text if it named none.
fn host(headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    host.unwrap_or_default().to_owned()
}

fn relay_error(error: SendError) -> RelayError {
    match error {
        SendError::Unreachable => BackEndError::Unreachable.into(),
        SendError::InvalidResponse => BackEndError::InvalidResponse.into(),
        SendError::Overloaded { retry_after } => BackEndError::Overloaded { retry_after }.into(),
        SendError::TimedOut => BackEndError::TimedOut.into(),
        SendError::Body(error) => BodyError::from(&error).into(),
        SendError::InvalidRequest => BodyError::Unreadable.into(),
    }
}
