//! Why the console shows something other than what was asked for, and the pages that say so.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use isogloss_core::{AuthError, Scope, StoreError};
use maud::html;

use super::layout::{self, Bar};
use super::markup::shown;
use super::sign_in;
use crate::admin::AdminError;
use crate::admin::refusals::RefusalQueryError;
use crate::admin::sessions::SessionQueryError;
use crate::http::api_key::KeyError;

/// Makes htmx open another page.
const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");

/// Why the console shows something other than what was asked for.
#[derive(Debug)]
pub(super) enum ConsoleError {
    /// There is no session, or it has ended.
    SignedOut {
        /// Whether htmx sent the request.
        by_htmx: bool,
    },
    /// The key lacks the scope.
    NoScope(Scope),
    /// The key has no scope for any page.
    NothingAllowed,
    /// The form was not sent by a page of this session.
    ForeignForm,
    /// A field is wrong, or the request does not fit to what there is.
    Refused(StatusCode, String),
    /// There is no such page.
    NoPage,
    /// The page supports this method only.
    NoMethod(&'static str),
    /// A store is unavailable. Nothing is said about the session.
    Unavailable(String),
}

impl ConsoleError {
    /// Returns that a field or a request is invalid, because of `reason`.
    pub(super) fn malformed(reason: impl Into<String>) -> Self {
        Self::Refused(StatusCode::BAD_REQUEST, reason.into())
    }

    /// Returns that there is no such thing, as `reason` says.
    pub(super) fn missing(reason: impl Into<String>) -> Self {
        Self::Refused(StatusCode::NOT_FOUND, reason.into())
    }

    /// Returns that the request does not fit to what there is, because of `reason`.
    pub(super) fn conflict(reason: impl Into<String>) -> Self {
        Self::Refused(StatusCode::CONFLICT, reason.into())
    }

    /// Returns the heading and the explanation of the page.
    fn texts(&self) -> (&'static str, String) {
        match self {
            Self::SignedOut { .. } => (
                "Signed out",
                "The session has ended. Sign in again.".to_owned(),
            ),
            Self::NoScope(scope) => (
                "Not allowed",
                format!("The key does not have the scope {}.", scope.name()),
            ),
            Self::NothingAllowed => (
                "Not allowed",
                "The key does not have a scope for any page of the console.".to_owned(),
            ),
            Self::ForeignForm => (
                "Not accepted",
                "The form was not sent from this session. Open the page again, and send it from there."
                    .to_owned(),
            ),
            Self::Refused(status, reason) => {
                let title = match *status {
                    StatusCode::NOT_FOUND => "Not found",
                    StatusCode::CONFLICT => "Not possible now",
                    StatusCode::FORBIDDEN => "Not allowed",
                    _ => "Not accepted",
                };
                (title, reason.clone())
            }
            Self::NoPage => ("Not found", "There is no such page.".to_owned()),
            Self::NoMethod(allowed) => (
                "Not accepted",
                format!("This page supports the method {allowed}."),
            ),
            Self::Unavailable(reason) => (
                "Unavailable",
                format!(
                    "A store cannot be queried: {reason}. Sessions at the console stay. Try again in a moment."
                ),
            ),
        }
    }
}

impl fmt::Display for ConsoleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.texts().1)
    }
}

impl ResponseError for ConsoleError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::SignedOut { by_htmx: false } => StatusCode::SEE_OTHER,
            Self::SignedOut { by_htmx: true } => StatusCode::UNAUTHORIZED,
            Self::NoScope(_) | Self::NothingAllowed | Self::ForeignForm => StatusCode::FORBIDDEN,
            Self::Refused(status, _) => *status,
            Self::NoPage => StatusCode::NOT_FOUND,
            Self::NoMethod(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        self.page(&Bar::without_visitor())
    }
}

impl ConsoleError {
    /// Returns the page with this head.
    pub(super) fn page(&self, bar: &Bar) -> HttpResponse {
        let (title, text) = self.texts();
        let content = html! {
            p role="alert" { (shown(&text)) }
            p { a href=(super::PATH) { "To the console" } }
        };
        let mut response = layout::with_bar(self.status_code(), title, bar, &content);
        let headers = response.headers_mut();
        match self {
            Self::SignedOut { by_htmx: false } => {
                headers.insert(LOCATION, HeaderValue::from_static(sign_in::SIGN_IN));
            }
            Self::SignedOut { by_htmx: true } => {
                headers.insert(HX_REDIRECT, HeaderValue::from_static(sign_in::SIGN_IN));
            }
            Self::NoMethod(allowed) => {
                headers.insert(ALLOW, HeaderValue::from_static(allowed));
            }
            Self::Unavailable(_) => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            Self::NoScope(_)
            | Self::NothingAllowed
            | Self::ForeignForm
            | Self::Refused(..)
            | Self::NoPage => {}
        }
        response
    }
}

impl From<KeyError> for ConsoleError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::NoValidKey | KeyError::Throttled(_) => Self::SignedOut { by_htmx: false },
            KeyError::NoScope(scope) => Self::NoScope(scope),
            KeyError::Unavailable(error) => error.into(),
        }
    }
}

impl From<StoreError> for ConsoleError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<AuthError> for ConsoleError {
    fn from(error: AuthError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<AdminError> for ConsoleError {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Malformed(reason) => Self::malformed(reason),
            AdminError::NotFound(reason) => Self::missing(reason),
            AdminError::Conflict(reason) => Self::conflict(reason),
            AdminError::Forbidden(reason) => Self::Refused(StatusCode::FORBIDDEN, reason),
            AdminError::Unavailable(error) => error.into(),
        }
    }
}

impl From<RefusalQueryError> for ConsoleError {
    fn from(error: RefusalQueryError) -> Self {
        match error {
            RefusalQueryError::Malformed(_) => Self::malformed(error.to_string()),
            RefusalQueryError::Unavailable(error) => error.into(),
        }
    }
}

impl From<SessionQueryError> for ConsoleError {
    fn from(error: SessionQueryError) -> Self {
        match error {
            SessionQueryError::UnknownUser(_) => Self::missing(error.to_string()),
            SessionQueryError::Malformed(reason) => Self::malformed(reason),
            SessionQueryError::Unavailable(error) => error.into(),
        }
    }
}
