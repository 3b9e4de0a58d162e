//! Every refusal of this dialect: one word each.

use std::io::ErrorKind;

use actix_web::error::PayloadError;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use isogloss_core::AuthError;
use serde_json::json;
use thiserror::Error;

use crate::wire::{self, SCHEME};

/// Why a request is refused. `Display` is for the log and holds nothing of the request.
#[derive(Debug, Error)]
pub(crate) enum Error {
    #[error("the body is no JSON object with name and password")]
    Malformed,
    #[error("the body is too large")]
    TooLarge,
    #[error("the body did not arrive in time")]
    TooSlow,
    #[error("the body is of another media type")]
    MediaType,
    #[error("no such route")]
    NoRoute,
    #[error("no such method")]
    NoMethod(&'static str),
    #[error(transparent)]
    Auth(#[from] AuthError),
}

impl Error {
    /// Status and `why`.
    fn answer(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Malformed => (StatusCode::BAD_REQUEST, "request"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "size"),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "time"),
            Self::MediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media"),
            Self::NoRoute => (StatusCode::NOT_FOUND, "path"),
            Self::NoMethod(_) => (StatusCode::METHOD_NOT_ALLOWED, "method"),
            Self::Auth(error) => match error {
                AuthError::InvalidCredentials => (StatusCode::UNAUTHORIZED, "credentials"),
                AuthError::InvalidToken => (StatusCode::UNAUTHORIZED, "pass"),
                AuthError::AccountDisabled | AuthError::SecondFactorRequired => {
                    (StatusCode::FORBIDDEN, "account")
                }
                AuthError::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
                AuthError::Throttled { .. } => (StatusCode::TOO_MANY_REQUESTS, "slower"),
                AuthError::Overloaded { .. } => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
                AuthError::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "later"),
            },
        }
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.answer().0
    }

    fn error_response(&self) -> HttpResponse {
        let (status, why) = self.answer();
        let mut response = HttpResponse::build(status);
        if status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, SCHEME));
        }
        if let Self::NoMethod(allowed) = self {
            response.insert_header((header::ALLOW, *allowed));
        }
        if let Self::Auth(
            AuthError::Overloaded { retry_after } | AuthError::Throttled { retry_after },
        ) = self
        {
            response.insert_header((header::RETRY_AFTER, retry_after.as_secs()));
        }
        wire::json(&mut response, &json!({"gate": "closed", "why": why}))
    }
}

/// What reading a body ends with.
impl From<actix_web::Error> for Error {
    fn from(error: actix_web::Error) -> Self {
        match error.as_error() {
            Some(PayloadError::Overflow) => Self::TooLarge,
            Some(PayloadError::Io(error)) if error.kind() == ErrorKind::TimedOut => Self::TooSlow,
            _ => Self::Malformed,
        }
    }
}
