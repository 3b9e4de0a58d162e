//! Every error of this dialect: a status and one word.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use isogloss_core::AuthError;
use isogloss_dialect::{BackEndError, BodyError, Dialect as _, insert_retry_after};
use serde_json::json;
use thiserror::Error;

use crate::{Tollgate, wire};

/// Why a request is refused. `Display` is for the log and contains nothing from the request.
#[derive(Debug, Error)]
pub enum Error {
    #[error("the body is not a JSON object with name and password")]
    Malformed,
    #[error("the body is too large")]
    TooLarge,
    #[error("the body did not arrive in time")]
    TimedOut,
    #[error("the body is of another media type")]
    MediaType,
    #[error("no such route")]
    NotFound,
    #[error("no such method")]
    MethodNotAllowed(&'static str),
    #[error(transparent)]
    BackEnd(#[from] BackEndError),
    #[error(transparent)]
    Auth(#[from] AuthError),
}

impl Error {
    /// Returns the status and the member `why`.
    fn response_parts(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Malformed => (StatusCode::BAD_REQUEST, "request"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "size"),
            Self::TimedOut => (StatusCode::REQUEST_TIMEOUT, "time"),
            Self::MediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media"),
            Self::NotFound => (StatusCode::NOT_FOUND, "path"),
            Self::MethodNotAllowed(_) => (StatusCode::METHOD_NOT_ALLOWED, "method"),
            Self::BackEnd(error) => (error.status_code(), "later"),
            Self::Auth(error) => match error {
                AuthError::InvalidCredentials(_) => (StatusCode::UNAUTHORIZED, "credentials"),
                AuthError::InvalidToken(_) => (StatusCode::UNAUTHORIZED, "pass"),
                AuthError::AccountDisabled(_) | AuthError::SecondFactorRequired(_) => {
                    (StatusCode::FORBIDDEN, "account")
                }
                AuthError::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden"),
                AuthError::Throttled { .. } => (StatusCode::TOO_MANY_REQUESTS, "slower"),
                AuthError::Overloaded { .. } => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
                AuthError::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "later"),
            },
        }
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.response_parts().0
    }

    fn error_response(&self) -> HttpResponse {
        let (status, why) = self.response_parts();
        let mut response = HttpResponse::build(status);
        if status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, Tollgate::TOKEN_TYPE));
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
        wire::json(&mut response, &json!({"gate": "closed", "why": why}))
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
