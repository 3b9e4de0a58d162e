//! Errors of the account page, and the pages that show them.

use std::time::Duration;

use actix_web::error::UrlencodedError;
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, ResponseError};
use isogloss_core::AuthError;
use maud::html;
use thiserror::Error;

use super::page::Page;

/// Why a page cannot be shown.
#[derive(Debug, Error)]
pub(super) enum PageError {
    /// The link is unknown, expired, used up, or of a user who may set no password here: one error for all.
    #[error("the link is not valid")]
    Link,
    /// The token of an enrolment is unknown, expired or used up.
    #[error("the token of the enrolment is not valid")]
    Enrolment,
    /// There is no such page.
    #[error("there is no such page")]
    NotFound,
    /// The page has no such method.
    #[error("the page has no such method")]
    Method,
    /// The form cannot be read.
    #[error("the form cannot be read")]
    Form,
    /// The form is too large.
    #[error("the form is too large")]
    TooLarge,
    /// Too many requests at once.
    #[error("too many requests at once, retry in {} s", .0.as_secs())]
    Busy(Duration),
    /// A store is unavailable.
    #[error("{0}")]
    Unavailable(String),
}

impl From<AuthError> for PageError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::InvalidToken(_)
            | AuthError::InvalidCredentials(_)
            | AuthError::AccountDisabled(_)
            | AuthError::SecondFactorRequired(_)
            | AuthError::Forbidden(_) => Self::Link,
            AuthError::Overloaded { retry_after } | AuthError::Throttled { retry_after, .. } => {
                Self::Busy(retry_after)
            }
            AuthError::Unavailable(error) => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<UrlencodedError> for PageError {
    /// Returns the error without what the client sent.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the library's enum may grow"
    )]
    fn from(error: UrlencodedError) -> Self {
        match error {
            UrlencodedError::Overflow { .. } => Self::TooLarge,
            _ => Self::Form,
        }
    }
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Link | Self::Enrolment => StatusCode::GONE,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Form => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy(_) | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let (title, text) = match self {
            Self::Link => (
                "This link is not valid",
                "It was used, has expired, or was replaced by a newer one. Request a new one.",
            ),
            Self::Enrolment => (
                "This page is not valid any more",
                "The second factor may be on already: then the recovery codes that you have seen are valid, and your next \
                 login takes a code. Otherwise, the page has expired: request a new link to enrol a second factor.",
            ),
            Self::NotFound => ("Not found", "There is no such page. Is the link complete?"),
            Self::Method => ("Not possible", "This page cannot be requested like this."),
            Self::Form => (
                "Not understood",
                "The form cannot be read. Go back and try again.",
            ),
            Self::TooLarge => (
                "Not understood",
                "The form is too large. Go back and try again.",
            ),
            Self::Busy(_) | Self::Unavailable(_) => (
                "Try again later",
                "This cannot be done at the moment. Nothing has changed. Try again in a few minutes.",
            ),
        };
        let page = Page {
            status: self.status_code(),
            title,
            issuer: "",
            content: html! { p { (text) } },
        };
        let mut response = page.response();
        if let Self::Busy(retry_after) = self {
            response
                .headers_mut()
                .insert(RETRY_AFTER, retry_after.as_secs().into());
        }
        response
    }
}
