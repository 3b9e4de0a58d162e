//! Every error of this dialect: a code and a description, or a page for a browser.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use isogloss_core::AuthError;
use isogloss_dialect::{BackEndError, BodyError, insert_retry_after};
use serde::Serialize;
use thiserror::Error;

/// Why a request is refused. `Display` is for the log and contains nothing from the request.
#[derive(Debug, Error)]
pub enum Error {
    #[error("a mandatory parameter is missing: {0}")]
    Missing(&'static str),
    #[error("a parameter is given twice, with different values")]
    ConflictingParameters,
    #[error("the body cannot be read")]
    Malformed,
    #[error("the body is too large")]
    TooLarge,
    #[error("the body did not arrive in time")]
    TimedOut,
    #[error("the body is of another media type")]
    MediaType,
    #[error("the user to log in as is unknown or of another organisation")]
    UnknownUser,
    #[error("the address to go to is not allowed")]
    Redirect,
    #[error("no such route")]
    NotFound,
    #[error("no such method")]
    MethodNotAllowed(&'static str),
    #[error(transparent)]
    BackEnd(#[from] BackEndError),
    #[error(transparent)]
    Auth(#[from] AuthError),
}

/// The body of an error.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Refusal)]
pub(crate) struct ErrorBody<'a> {
    error_code: &'a str,
    error_description: Option<&'a str>,
}

impl Error {
    /// Returns the status, the `errorCode` and the `errorDescription`, which is `None` for invalid credentials.
    pub(crate) fn response_parts(&self) -> (StatusCode, &'static str, Option<String>) {
        let (status, code, text) = match self {
            Self::Missing(name) => {
                let text = format!("The field \"{name}\" cannot be empty.");
                return (StatusCode::BAD_REQUEST, "InvalidArguments", Some(text));
            }
            Self::ConflictingParameters => (
                400,
                "InvalidArguments",
                Some("A parameter is given twice, with different values."),
            ),
            Self::Malformed => (
                400,
                "InvalidArguments",
                Some("The request body cannot be read."),
            ),
            Self::TooLarge => (
                413,
                "InvalidArguments",
                Some("The request body is too large."),
            ),
            Self::TimedOut => (
                408,
                "InvalidArguments",
                Some("The request body did not arrive in time."),
            ),
            Self::MediaType => (
                415,
                "UnsupportedMediaType",
                Some("The media type of the request is not supported."),
            ),
            Self::UnknownUser => (400, "InvalidArguments", Some("The user was not found.")),
            Self::Redirect => (400, "InvalidArguments", Some("The url is not allowed.")),
            Self::NotFound => (404, "NotFound", Some("Not Found")),
            Self::MethodNotAllowed(_) => (405, "MethodNotAllowed", Some("Method Not Allowed")),
            Self::BackEnd(error) => (
                error.status_code().as_u16(),
                "ServiceUnavailable",
                Some("The service is unavailable. Please retry."),
            ),
            Self::Auth(AuthError::InvalidCredentials(_)) => (401, "AuthInvalidCredentials", None),
            Self::Auth(AuthError::InvalidToken(_)) => {
                (401, "AuthUnauthorized", Some("Unauthorized access."))
            }
            Self::Auth(AuthError::AccountDisabled(_)) => {
                (403, "AuthAccountInactive", Some("The account is inactive."))
            }
            Self::Auth(AuthError::SecondFactorRequired(_)) => (
                403,
                "AuthAccountTwoFactorProtected",
                Some("The account is protected by a second factor."),
            ),
            Self::Auth(AuthError::Forbidden(_)) => {
                (403, "AuthAccessDenied", Some("Access denied."))
            }
            Self::Auth(AuthError::Throttled { .. }) => {
                (429, "TooManyRequests", Some("Too many requests."))
            }
            Self::Auth(AuthError::Overloaded { .. } | AuthError::Unavailable(_)) => (
                503,
                "ServiceUnavailable",
                Some("The service is unavailable. Please retry."),
            ),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, code, text.map(str::to_owned))
    }

    /// Returns the JSON response with this `errorDescription`.
    pub(crate) fn json_response(&self, description: Option<&str>) -> HttpResponse {
        let (status, error_code, _) = self.response_parts();
        let body = ErrorBody {
            error_code,
            error_description: description,
        };
        crate::wire::json(&mut self.response_builder(status), &body)
    }

    /// Returns a response without a body, with the headers of this error.
    fn response_builder(&self, status: StatusCode) -> actix_web::HttpResponseBuilder {
        let mut response = HttpResponse::build(status);
        if let Self::MethodNotAllowed(allowed) = self {
            response.insert_header((header::ALLOW, *allowed));
        }
        if let Self::Auth(error) = self {
            insert_retry_after(&mut response, error);
        }
        if let Self::BackEnd(error) = self {
            error.insert_retry_after(&mut response);
        }
        response
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.response_parts().0
    }

    fn error_response(&self) -> HttpResponse {
        let (status, _, description) = self.response_parts();
        // The only error that is not JSON, as a client of that time expects it.
        if let Self::Auth(AuthError::Throttled { .. }) = self {
            return self
                .response_builder(status)
                .content_type("text/plain")
                .body(description.unwrap_or_default());
        }
        self.json_response(description.as_deref())
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

/// The same errors as HTML pages.
#[derive(Debug, Error)]
#[error(transparent)]
pub(crate) struct HtmlError(#[from] pub(crate) Error);

impl From<AuthError> for HtmlError {
    fn from(error: AuthError) -> Self {
        Self(error.into())
    }
}

impl ResponseError for HtmlError {
    fn status_code(&self) -> StatusCode {
        self.0.status_code()
    }

    fn error_response(&self) -> HttpResponse {
        let (status, _, text) = self.0.response_parts();
        let text = text.unwrap_or_default();
        self.0
            .response_builder(status)
            .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
            .body(format!(
                "<!DOCTYPE html>\n<html lang=\"en\">\n<title>{status}</title>\n<h1>{status}</h1>\n<p>{text}</p>\n</html>\n"
            ))
    }
}
