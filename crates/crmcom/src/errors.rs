//! Every refusal of this dialect: an envelope, under HTTP 200 wherever the method exists.

use actix_web::error::PayloadError;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use isogloss_core::AuthError;
use thiserror::Error;

use crate::wire::{Data, Envelope, Status};

/// Why a request is refused. `Display` is for the log and holds nothing of the request.
#[derive(Debug, Error)]
pub(crate) enum Error {
    #[error("the body is not a JSON object")]
    Malformed,
    #[error("a mandatory member is missing: {0}")]
    Missing(&'static str),
    #[error("a member has the wrong type: {0}")]
    Invalid(&'static str),
    #[error("either {0} or {1} is to be given")]
    SemiOptional(&'static str, &'static str),
    #[error("the body is too large")]
    TooLarge,
    #[error("the unit is not one of the user's")]
    Unit,
    #[error("the access token is not valid")]
    Card(#[source] AuthError),
    #[error("no such route")]
    NoRoute,
    #[error("no such method")]
    NoMethod,
    #[error(transparent)]
    Auth(#[from] AuthError),
}

impl Error {
    /// The HTTP status that a stricter API would give, the code below `COM.CRM.EXCEPTION.`, and
    /// the text.
    fn answer(&self) -> (u16, &'static str, String) {
        let (status, code, text) = match self {
            Self::Malformed => (
                400,
                "WEBAPI.INVALIDPARAMETEREXCEPTION",
                "The request is not a JSON object",
            ),
            Self::Missing(name) => {
                let text = format!("The parameter {name} is mandatory");
                return (400, "WEBAPI.MANDATORYPARAMETEREXCEPTION", text);
            }
            Self::Invalid(name) => {
                let text = format!("The parameter {name} has an invalid value");
                return (400, "WEBAPI.INVALIDPARAMETEREXCEPTION", text);
            }
            Self::SemiOptional(one, other) => {
                let text =
                    format!("Either {one} or {other} must be specified, and only one of them");
                return (400, "WEBAPI.SEMIOPTIONALPARAMETERSEXCEPTION", text);
            }
            Self::TooLarge => (
                413,
                "WEBAPI.INVALIDPARAMETEREXCEPTION",
                "The request is too large",
            ),
            Self::Unit => (
                403,
                "SECURITY.INVALIDUNITEXCEPTION",
                "The unit is not available to the user",
            ),
            Self::NoRoute => (
                404,
                "WEBAPI.UNKNOWNMETHODEXCEPTION",
                "There is no such method",
            ),
            Self::NoMethod => (
                405,
                "WEBAPI.HTTPMETHODNOTALLOWEDEXCEPTION",
                "The HTTP method is not allowed",
            ),
            Self::Auth(
                AuthError::InvalidCredentials
                | AuthError::AccountDisabled
                | AuthError::SecondFactorRequired,
            ) => (
                401,
                "SECURITY.INVALIDUSERCREDENTIALSEXCEPTION",
                "Invalid credentials",
            ),
            Self::Card(
                AuthError::InvalidCredentials
                | AuthError::AccountDisabled
                | AuthError::SecondFactorRequired,
            ) => (
                401,
                "SECURITY.INVALIDACCESSTOKENEXCEPTION",
                "Invalid access token",
            ),
            Self::Auth(AuthError::InvalidToken) | Self::Card(AuthError::InvalidToken) => {
                (401, "SECURITY.INVALIDTOKENEXCEPTION", "Invalid token")
            }
            Self::Auth(AuthError::Forbidden) | Self::Card(AuthError::Forbidden) => {
                (403, "SECURITY.ACCESSDENIEDEXCEPTION", "Access denied")
            }
            Self::Auth(AuthError::Overloaded { .. } | AuthError::Unavailable(_))
            | Self::Card(AuthError::Overloaded { .. } | AuthError::Unavailable(_)) => (
                503,
                "WEBAPI.SERVICEUNAVAILABLEEXCEPTION",
                "The service is unavailable, please retry",
            ),
        };
        (status, code, text.to_owned())
    }
}

impl ResponseError for Error {
    /// What the refusal amounts to. The answer itself says 200: the vendor's clients read the
    /// envelope, and some of their libraries throw it away under any other status.
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.answer().0).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let (_, code, text) = self.answer();
        let mut response = match self {
            Self::NoRoute => HttpResponse::NotFound(),
            Self::NoMethod => {
                let mut response = HttpResponse::MethodNotAllowed();
                response.insert_header((header::ALLOW, "POST"));
                response
            }
            Self::Malformed
            | Self::Missing(_)
            | Self::Invalid(_)
            | Self::SemiOptional(..)
            | Self::TooLarge
            | Self::Unit
            | Self::Card(_)
            | Self::Auth(_) => HttpResponse::Ok(),
        };
        let code = format!("COM.CRM.EXCEPTION.{code}");
        crate::wire::json(
            &mut response,
            &Envelope {
                status: Status {
                    code: &code,
                    message: Some(&text),
                    description: Some(&text),
                },
                data: Data { token: None },
            },
        )
    }
}

impl From<actix_web::Error> for Error {
    fn from(error: actix_web::Error) -> Self {
        match error.as_error() {
            Some(PayloadError::Overflow) => Self::TooLarge,
            _ => Self::Malformed,
        }
    }
}
