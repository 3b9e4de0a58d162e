//! The back end behind a dialect: the vendor's other routes, which the gateway does not have itself.

use std::rc::Rc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::guard::GuardContext;
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use futures_util::future::LocalBoxFuture;
use isogloss_core::Session;
use thiserror::Error;

use crate::body::BodyError;

/// The back end of a dialect, as the application's data has it. Each worker has its own.
pub type SharedBackEnd = Rc<dyn BackEnd>;

/// A server that gets the calls for which a dialect has no route.
///
/// The gateway implements it. A dialect knows only this trait, so that its middleware and its errors apply to relayed
/// calls, too.
pub trait BackEnd {
    /// Returns true if a call goes to the back end even if the dialect has a route for it.
    fn claims(&self, call: &GuardContext<'_>) -> bool;

    /// Returns whether a call needs a token.
    fn token_policy(&self, call: &HttpRequest) -> TokenPolicy;

    /// Returns the largest part of a body, in bytes, that is searched for a token.
    fn token_search_limit(&self) -> usize;

    /// Sends the call to the back end and returns the response.
    ///
    /// # Errors
    /// The back end is unreachable, overloaded or too slow, or its response is not HTTP; or the body of the call
    /// cannot be read.
    fn relay(&self, call: RelayedCall)
    -> LocalBoxFuture<'static, Result<HttpResponse, RelayError>>;
}

/// Whether a call to a back end needs a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenPolicy {
    /// A call without a valid token is refused.
    Required,
    /// A call without a token is relayed without an identity, if the dialect accepts it. An invalid token is refused.
    Optional,
    /// Tokens are not checked, and the back end learns no identity.
    Public,
}

/// A call that goes to a back end.
pub struct RelayedCall {
    /// The call. Its path may be normalized.
    pub request: HttpRequest,
    /// The body.
    pub body: RelayedBody,
    /// The session of the token, or `None` if the call needs none and has none.
    pub session: Option<Session>,
}

/// The body of a relayed call, of which a part may have been read.
pub struct RelayedBody {
    /// What was read in the search for a token.
    pub start: Bytes,
    /// What follows, or `None` if `start` is the whole body.
    pub rest: Option<Payload>,
}

/// Why a call was not relayed, or has no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RelayError {
    /// The back end did not respond.
    #[error(transparent)]
    BackEnd(#[from] BackEndError),
    /// The client did not send the whole body.
    #[error(transparent)]
    Body(#[from] BodyError),
}

/// Why a back end did not respond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BackEndError {
    /// No connection, or the connection broke before a response.
    #[error("the back end is unreachable")]
    Unreachable,
    /// The response is not valid HTTP.
    #[error("the response of the back end is invalid")]
    InvalidResponse,
    /// All connections are in use and too many calls wait for one, or the circuit breaker is open.
    #[error("the back end is overloaded")]
    Overloaded {
        /// How long to wait before a retry.
        retry_after: Duration,
    },
    /// The back end did not respond in time.
    #[error("the back end did not respond in time")]
    TimedOut,
    /// The gateway cannot sign who makes the call, and did not send it.
    #[error("the identity for the back end is unavailable")]
    IdentityUnavailable,
}

impl BackEndError {
    /// Returns the status of the response: 502, 503 or 504.
    pub fn status_code(self) -> StatusCode {
        match self {
            Self::Unreachable | Self::InvalidResponse => StatusCode::BAD_GATEWAY,
            Self::Overloaded { .. } | Self::IdentityUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// Returns after how many seconds a retry may succeed. `None` if that is unknown.
    pub fn retry_after_seconds(self) -> Option<u64> {
        match self {
            Self::Overloaded { retry_after } => {
                let begun = u64::from(retry_after.subsec_nanos() > 0);
                Some(retry_after.as_secs().saturating_add(begun))
            }
            Self::IdentityUnavailable => Some(1),
            Self::Unreachable | Self::InvalidResponse | Self::TimedOut => None,
        }
    }

    /// Inserts `Retry-After`, in whole seconds, if it is known when a retry may succeed.
    pub fn insert_retry_after(self, response: &mut HttpResponseBuilder) {
        if let Some(seconds) = self.retry_after_seconds() {
            response.insert_header((RETRY_AFTER, seconds));
        }
    }
}

/// Mark in the extensions of a response that comes from a back end: a dialect changes nothing of it but what its
/// clients require of every response.
#[derive(Debug, Clone, Copy)]
pub struct Relayed;
