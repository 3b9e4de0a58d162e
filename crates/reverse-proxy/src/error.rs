//! Why a call got no response from a back end.

use std::time::Duration;

use actix_web::error::PayloadError;
use thiserror::Error;

/// Why a call got no response from a back end.
#[derive(Debug, Error)]
pub enum SendError {
    /// No connection, or the connection broke before a response.
    #[error("the back end is unreachable")]
    Unreachable,
    /// The response is not valid HTTP.
    #[error("the response of the back end is invalid")]
    InvalidResponse,
    /// All connections are in use and too many calls wait for one, or no address gets calls at present.
    #[error("the back end is overloaded, retry in {} s", retry_after.as_secs())]
    Overloaded {
        /// How long to wait before a retry, at least 1 s.
        retry_after: Duration,
    },
    /// The back end did not respond in time.
    #[error("the back end did not respond in time")]
    TimedOut,
    /// The body of the call could not be read to its end: the client is gone, too slow (`PayloadError::Io` of the kind
    /// `TimedOut`), or its framing is invalid.
    #[error("the body of the call cannot be read")]
    Body(#[source] PayloadError),
    /// The method, the target or a header cannot be sent to a back end.
    #[error("the call cannot be sent on")]
    InvalidRequest,
}

impl SendError {
    /// Returns the error of an overload that may end after `retry_after`.
    pub(crate) fn overloaded(retry_after: Duration) -> Self {
        let retry_after = retry_after.max(Duration::from_secs(1));
        Self::Overloaded { retry_after }
    }
}
