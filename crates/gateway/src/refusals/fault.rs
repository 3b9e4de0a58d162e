//! Causes that the gateway finds itself: in the dialect's error, its status, or the retirement of the dialect.

use actix_web::http::StatusCode;
use actix_web::{Error, HttpResponse};

use isogloss_core::{AuthError, RefusalCause};

use crate::sunset::Rejection;

/// The maximum length in characters of a detail. The rest is cut off.
const LONGEST_DETAIL: usize = 200;

/// A cause that the gateway finds itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The name of the cause, such as `no_route`.
    pub(crate) cause: &'static str,
    /// What belongs to the cause, such as the member that is missing.
    pub(crate) detail: Option<String>,
    /// Whether it is the cause even if core has refused something, too.
    pub(crate) is_certain: bool,
}

impl From<Rejection> for Fault {
    fn from(rejection: Rejection) -> Self {
        let (cause, detail) = match rejection {
            Rejection::Brownout { until } => {
                ("brownout", Some(isogloss_core::audit::moment(until)))
            }
            Rejection::ShutDown => ("shut_down", None),
            Rejection::Blocked => ("client_blocked", None),
        };
        Self {
            cause,
            detail,
            is_certain: true,
        }
    }
}

impl Fault {
    /// Returns the cause of a check without any text that can be a token.
    pub(crate) fn no_token() -> Self {
        Self {
            cause: "no_token",
            detail: None,
            is_certain: false,
        }
    }
}

/// Returns the cause that the gateway finds itself: the dialect's retirement, or else what the error of the response shows,
/// with its text: errors of dialects name members, and quote nothing of the request. `None` without either.
pub(crate) fn fault_of(
    rejection: Option<Rejection>,
    response: &HttpResponse<impl Sized>,
) -> Option<Fault> {
    let rejection = rejection.map(Fault::from);
    rejection.or_else(|| response.error().map(of_error))
}

fn of_error(error: &Error) -> Fault {
    let text = error.to_string();
    if text == AuthError::InvalidToken(RefusalCause::NoToken).to_string() {
        return Fault::no_token();
    }
    Fault {
        cause: by_status(error.as_response_error().status_code()),
        detail: Some(text.chars().take(LONGEST_DETAIL).collect()),
        is_certain: false,
    }
}

/// Returns the cause that a status alone shows.
pub(super) fn by_status(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "no_credentials",
        StatusCode::FORBIDDEN => "not_allowed",
        StatusCode::NOT_FOUND => "no_route",
        StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
        StatusCode::REQUEST_TIMEOUT => "body_too_slow",
        StatusCode::PAYLOAD_TOO_LARGE => "body_too_large",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "media_type",
        status if status.is_server_error() => "unavailable",
        _ => "invalid_request",
    }
}
