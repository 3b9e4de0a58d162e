//! Every error of this dialect. The vendor documents none; the README explains the choice.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use isogloss_core::AuthError;
use isogloss_dialect::{BackEndError, BodyError, insert_retry_after};
use serde::Serialize;
use thiserror::Error;

use crate::wire::TOKEN_TYPE;

/// Why a request is refused. `Display` is for the log and contains nothing from the request.
#[derive(Debug, Error)]
pub enum Error {
    #[error("the body is not a JSON object")]
    Malformed,
    #[error("a mandatory member is missing: {0}")]
    Missing(&'static str),
    #[error("a member has the wrong type: {0}")]
    Invalid(&'static str),
    #[error("the body is too large")]
    TooLarge,
    #[error("the body did not arrive in time")]
    TimedOut,
    #[error("the body is of another media type")]
    MediaType,
    #[error("the remember-me or cross token is not valid")]
    InvalidGrant,
    #[error("the application is not known")]
    UnknownApplication,
    #[error("no such route")]
    NotFound,
    #[error("no such method")]
    MethodNotAllowed(&'static str),
    #[error("the gateway mounted this dialect without its data")]
    Misconfigured,
    #[error(transparent)]
    BackEnd(#[from] BackEndError),
    #[error(transparent)]
    Auth(#[from] AuthError),
}

/// The body of an error.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Refusal)]
pub(crate) struct ErrorBody<'a> {
    error: &'a str,
    error_description: &'a str,
    message: &'a str,
}

impl Error {
    /// Returns the status, the member `error`, and the text of the members `error_description` and `message`.
    fn response_parts(&self) -> (StatusCode, &'static str, String) {
        let (status, error, text) = match self {
            Self::Malformed => (400, "invalid_request", "The body is not a JSON object."),
            Self::Missing(name) => {
                let text = format!("The mandatory parameter {name} is missing.");
                return (StatusCode::BAD_REQUEST, "invalid_request", text);
            }
            Self::Invalid(name) => {
                let text = format!("The parameter {name} has an invalid value.");
                return (StatusCode::BAD_REQUEST, "invalid_request", text);
            }
            Self::TooLarge => (413, "invalid_request", "The body is too large."),
            Self::TimedOut => (408, "invalid_request", "The body did not arrive in time."),
            Self::MediaType => (
                415,
                "unsupported_media_type",
                "The body must be JSON: send Content-Type: application/json.",
            ),
            Self::InvalidGrant => (401, "invalid_grant", "The token is invalid or has expired."),
            Self::UnknownApplication => (403, "access_denied", "The application is not known."),
            Self::NotFound => (404, "not_found", "There is no such resource."),
            Self::MethodNotAllowed(_) => {
                (405, "method_not_allowed", "The method is not allowed here.")
            }
            Self::Misconfigured => (500, "server_error", "An internal error has occurred."),
            Self::BackEnd(error) => (
                error.status_code().as_u16(),
                "temporarily_unavailable",
                "The service is unavailable. Please retry.",
            ),
            Self::Auth(AuthError::InvalidCredentials(_)) => (
                401,
                "invalid_grant",
                "The user name or the password is wrong.",
            ),
            Self::Auth(AuthError::InvalidToken(_)) => (
                401,
                "invalid_token",
                "The access token is invalid or has expired.",
            ),
            Self::Auth(AuthError::AccountDisabled(_)) => {
                (403, "access_denied", "The account is disabled.")
            }
            Self::Auth(AuthError::SecondFactorRequired(_)) => {
                (403, "access_denied", "The account needs a second factor.")
            }
            Self::Auth(AuthError::Forbidden(_)) => (403, "access_denied", "This is not allowed."),
            Self::Auth(AuthError::Throttled { .. }) => (
                429,
                "slow_down",
                "There were too many wrong logins. Please retry later.",
            ),
            Self::Auth(AuthError::Overloaded { .. }) => (
                503,
                "temporarily_unavailable",
                "Too many logins at once. Please retry.",
            ),
            Self::Auth(AuthError::Unavailable(_)) => (
                503,
                "temporarily_unavailable",
                "The service is unavailable. Please retry.",
            ),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, error, text.to_owned())
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.response_parts().0
    }

    fn error_response(&self) -> HttpResponse {
        let (status, error, text) = self.response_parts();
        let mut response = HttpResponse::build(status);
        if status == StatusCode::UNAUTHORIZED {
            // Never Basic, NTLM or Negotiate: browsers would prompt, .NET would try Windows logins.
            response.insert_header((header::WWW_AUTHENTICATE, TOKEN_TYPE));
        }
        if let Self::MethodNotAllowed(allowed) = self {
            response.insert_header((header::ALLOW, *allowed));
        }
        if let Self::Auth(error) = self {
            insert_retry_after(&mut response, error);
        }
        if let Self::BackEnd(error) = self {
            error.insert_retry_after(&mut response);
        }
        crate::wire::json(
            &mut response,
            &ErrorBody {
                error,
                error_description: &text,
                message: &text,
            },
        )
    }
}

impl From<BodyError> for Error {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::TooLarge,
            BodyError::TimedOut => Self::TimedOut,
            BodyError::Unreadable => Self::Malformed,
        }
    }
}
