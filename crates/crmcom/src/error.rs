//! Every error of this dialect: an envelope, and the HTTP status that corresponds to it.

use std::borrow::Cow;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use isogloss_core::AuthError;
use isogloss_dialect::{BackEndError, BodyError};
use thiserror::Error;

use crate::wire::{Envelope, json};

/// Why a request is refused. `Display` is for the log and contains nothing from the request.
#[derive(Debug, Error)]
pub enum Error {
    #[error("the body is not a JSON object")]
    Malformed,
    #[error("a mandatory member is missing: {0}")]
    Missing(&'static str),
    #[error("a member has the wrong type: {0}")]
    Invalid(&'static str),
    #[error("expected either {0} or {1}")]
    SemiOptional(&'static str, &'static str),
    #[error("the body is too large")]
    TooLarge,
    #[error("the body did not arrive in time")]
    TimedOut,
    #[error("the unit is not one of the user's")]
    Unit,
    #[error("login by access token: {0}")]
    Card(#[source] AuthError),
    #[error("login by web API key: {0}")]
    Key(#[source] AuthError),
    #[error("no such route")]
    NotFound,
    #[error("no such method")]
    MethodNotAllowed,
    #[error(transparent)]
    BackEnd(#[from] BackEndError),
    #[error(transparent)]
    Auth(#[from] AuthError),
}

/// HTTP status, code below `COM.CRM.EXCEPTION.`, and text.
type StatusCodeText = (u16, &'static str, &'static str);

const INVALID_CREDENTIALS: StatusCodeText = (
    401,
    "SECURITY.INVALIDUSERCREDENTIALSEXCEPTION",
    "Invalid credentials",
);
const INVALID_ACCESS_TOKEN: StatusCodeText = (
    401,
    "SECURITY.INVALIDACCESSTOKENEXCEPTION",
    "Invalid access token",
);
const INVALID_KEY: StatusCodeText = (
    401,
    "SECURITY.INVALIDWEBAPIKEYEXCEPTION",
    "Invalid web API key",
);

impl Error {
    /// Returns the HTTP status, the code below `COM.CRM.EXCEPTION.`, and the text.
    fn response_parts(&self) -> (u16, &'static str, Cow<'static, str>) {
        let (status, code, text) = match self {
            Self::Malformed => (
                400,
                "WEBAPI.INVALIDPARAMETEREXCEPTION",
                "The request is not a JSON object",
            ),
            Self::Missing(name) => {
                let text = format!("The parameter {name} is mandatory");
                return (400, "WEBAPI.MANDATORYPARAMETEREXCEPTION", text.into());
            }
            Self::Invalid(name) => {
                let text = format!("The parameter {name} has an invalid value");
                return (400, "WEBAPI.INVALIDPARAMETEREXCEPTION", text.into());
            }
            Self::SemiOptional(one, other) => {
                let text =
                    format!("Either {one} or {other} must be specified, and only one of them");
                return (400, "WEBAPI.SEMIOPTIONALPARAMETERSEXCEPTION", text.into());
            }
            Self::TooLarge => (
                413,
                "WEBAPI.INVALIDPARAMETEREXCEPTION",
                "The request is too large",
            ),
            Self::TimedOut => (
                408,
                "WEBAPI.INVALIDPARAMETEREXCEPTION",
                "The request did not arrive in time",
            ),
            Self::Unit => (
                403,
                "SECURITY.INVALIDUNITEXCEPTION",
                "The unit is not available to the user",
            ),
            Self::NotFound => (
                404,
                "WEBAPI.UNKNOWNMETHODEXCEPTION",
                "There is no such method",
            ),
            Self::MethodNotAllowed => (
                405,
                "WEBAPI.HTTPMETHODNOTALLOWEDEXCEPTION",
                "The HTTP method is not allowed",
            ),
            Self::BackEnd(error) => (
                error.status_code().as_u16(),
                "WEBAPI.SERVICEUNAVAILABLEEXCEPTION",
                "The service is unavailable, please retry",
            ),
            Self::Auth(error) => core_error(error, INVALID_CREDENTIALS),
            Self::Card(error) => core_error(error, INVALID_ACCESS_TOKEN),
            Self::Key(error) => core_error(error, INVALID_KEY),
        };
        (status, code, text.into())
    }

    /// Returns the seconds after which a retry may succeed. `None` if the response does not say so.
    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Auth(error) | Self::Card(error) | Self::Key(error) => match error {
                AuthError::Overloaded { retry_after } => Some(retry_after.as_secs()),
                AuthError::InvalidCredentials(_)
                | AuthError::AccountDisabled(_)
                | AuthError::SecondFactorRequired(_)
                | AuthError::InvalidToken(_)
                | AuthError::Forbidden(_)
                | AuthError::Throttled { .. }
                | AuthError::Unavailable(_) => None,
            },
            Self::BackEnd(error) => error.retry_after_seconds(),
            Self::Malformed
            | Self::Missing(_)
            | Self::Invalid(_)
            | Self::SemiOptional(..)
            | Self::TooLarge
            | Self::TimedOut
            | Self::Unit
            | Self::NotFound
            | Self::MethodNotAllowed => None,
        }
    }

    /// Returns the value of `WWW-Authenticate` for a 401. Browsers and .NET act on `Basic`, so only a request with a
    /// web API key gets it.
    fn challenge(&self) -> &'static str {
        if matches!(self, Self::Key(_)) {
            r#"Basic realm="CRM.COM", charset="UTF-8""#
        } else {
            "CRM.COM"
        }
    }
}

/// Returns status, code and text for an error of core, and `credentials` where the credentials are refused.
fn core_error(error: &AuthError, credentials: StatusCodeText) -> StatusCodeText {
    match error {
        // During a lock this vendor's server refuses right and wrong credentials with the same error.
        AuthError::InvalidCredentials(_)
        | AuthError::AccountDisabled(_)
        | AuthError::SecondFactorRequired(_)
        | AuthError::Throttled { .. } => credentials,
        AuthError::InvalidToken(_) => (401, "SECURITY.INVALIDTOKENEXCEPTION", "Invalid token"),
        AuthError::Forbidden(_) => (403, "SECURITY.ACCESSDENIEDEXCEPTION", "Access denied"),
        AuthError::Overloaded { .. } | AuthError::Unavailable(_) => (
            503,
            "WEBAPI.SERVICEUNAVAILABLEEXCEPTION",
            "The service is unavailable, please retry",
        ),
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.response_parts().0).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let (_, code, text) = self.response_parts();
        let status = self.status_code();
        let mut response = HttpResponse::build(status);
        if status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, self.challenge()));
        }
        if status == StatusCode::METHOD_NOT_ALLOWED {
            response.insert_header((header::ALLOW, "POST"));
        }
        if let Some(seconds) = self.retry_after() {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        let code = format!("COM.CRM.EXCEPTION.{code}");
        json(&mut response, &Envelope::error(&code, &text))
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
