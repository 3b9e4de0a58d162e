//! Every error of this dialect: a `LoginData` with `Authenticated: false`, or ASP.NET Web API's `HttpError`.

use std::collections::BTreeMap;

use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use isogloss_core::{AuthError, PasswordError};
use isogloss_dialect::{BackEndError, BodyError, insert_retry_after};
use serde::Serialize;
use thiserror::Error;

use crate::wire::{json, responses};

const DENIED: &str = "Authorization has been denied for this request.";

/// Why a request is refused. `Display` is for the log and contains nothing from the request.
#[derive(Debug, Error)]
pub enum Error {
    #[error("the developer's key is missing or unknown")]
    ApiKey,
    #[error("the session token is missing or not valid")]
    Session,
    #[error("suppressResponseCodes is not a boolean")]
    SuppressResponseCodes,
    #[error("the model is not valid{}", member_names(.0))]
    Model(Vec<(String, String)>),
    #[error("the body is too large")]
    TooLarge,
    #[error("the body did not arrive in time")]
    TimedOut,
    #[error("the body cannot be read")]
    Unreadable,
    #[error("the body is of another media type")]
    MediaType(String),
    #[error("no such route")]
    NotFound(String),
    #[error("no such method")]
    MethodNotAllowed { requested: Method, allowed: Method },
    #[error(transparent)]
    BackEnd(#[from] BackEndError),
    #[error(transparent)]
    Auth(#[from] AuthError),
}

/// The body of most errors.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct HttpError {
    message: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(required = false)]
    model_state: BTreeMap<String, Vec<String>>,
}

impl From<&str> for HttpError {
    fn from(message: &str) -> Self {
        Self {
            message: message.to_owned(),
            model_state: BTreeMap::new(),
        }
    }
}

/// The two bodies that an error can have.
enum Body {
    RejectedLogin,
    Error(HttpError),
}

impl Error {
    /// Returns the status and the body.
    fn response_parts(&self) -> (StatusCode, Body) {
        let (status, error) = match self {
            Self::ApiKey => (401, HttpError::from("The APIKey is missing or unknown.")),
            Self::Session => (401, DENIED.into()),
            Self::SuppressResponseCodes => {
                let entry = (
                    "suppressResponseCodes".to_owned(),
                    "The value is not valid.".to_owned(),
                );
                (400, invalid_model(&[entry]))
            }
            Self::Model(entries) => (400, invalid_model(entries)),
            Self::TooLarge => (413, "The request entity is too large.".into()),
            Self::TimedOut => (408, "The request entity did not arrive in time.".into()),
            Self::Unreadable => (400, "The request is invalid.".into()),
            Self::MediaType(media_type) => {
                let text = if media_type.is_empty() {
                    "The request contains an entity body but no Content-Type header.".to_owned()
                } else {
                    format!(
                        "The request entity's media type '{media_type}' is not supported for this resource."
                    )
                };
                (415, text.as_str().into())
            }
            Self::NotFound(uri) => {
                let text =
                    format!("No HTTP resource was found that matches the request URI '{uri}'.");
                (404, text.as_str().into())
            }
            Self::MethodNotAllowed { requested, .. } => {
                let text =
                    format!("The requested resource does not support http method '{requested}'.");
                (405, text.as_str().into())
            }
            Self::BackEnd(error) => (
                error.status_code().as_u16(),
                "The service is unavailable.".into(),
            ),
            Self::Auth(
                AuthError::InvalidCredentials(_)
                | AuthError::AccountDisabled(_)
                | AuthError::SecondFactorRequired(_)
                | AuthError::InvalidToken(_),
            ) => return (StatusCode::UNAUTHORIZED, Body::RejectedLogin),
            Self::Auth(AuthError::Forbidden(_)) => (403, DENIED.into()),
            Self::Auth(AuthError::Throttled { .. }) => {
                (429, "Too many wrong logins. Try again later.".into())
            }
            Self::Auth(AuthError::Overloaded { .. } | AuthError::Unavailable(_)) => {
                (503, "The service is unavailable.".into())
            }
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Body::Error(error))
    }
}

/// Returns the names of the members with errors, for the log. Empty if the body as a whole is not valid.
fn member_names(entries: &[(String, String)]) -> String {
    let names = entries.iter().map(|(name, _)| name.as_str());
    let names: Vec<_> = names.filter(|name| !name.is_empty()).collect();
    if names.is_empty() {
        return String::new();
    }
    format!(": {}", names.join(", "))
}

/// Returns the body that lists the errors of a model by member.
fn invalid_model(entries: &[(String, String)]) -> HttpError {
    let mut error = HttpError::from("The request is invalid.");
    for (member, text) in entries {
        error
            .model_state
            .entry(member.clone())
            .or_default()
            .push(text.clone());
    }
    error
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.response_parts().0
    }

    fn error_response(&self) -> HttpResponse {
        let (status, body) = self.response_parts();
        let mut response = HttpResponse::build(status);
        if let Self::MethodNotAllowed { allowed, .. } = self {
            response.insert_header((header::ALLOW, allowed.as_str()));
        }
        if let Self::Auth(error) = self {
            insert_retry_after(&mut response, error);
        }
        if let Self::BackEnd(error) = self {
            error.insert_retry_after(&mut response);
        }
        match body {
            Body::RejectedLogin => json(&mut response, &responses::rejected_login()),
            Body::Error(error) => json(&mut response, &error),
        }
    }
}

impl From<BodyError> for Error {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::TooLarge,
            BodyError::TimedOut => Self::TimedOut,
            BodyError::Unreadable => Self::Unreadable,
        }
    }
}

impl From<PasswordError> for Error {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Invalid(error) => {
                let member = "passwordResetInformation.Password".to_owned();
                Self::Model(vec![(member, error.to_string())])
            }
            PasswordError::Auth(error) => Self::Auth(error),
        }
    }
}
