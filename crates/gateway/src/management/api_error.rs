//! Errors of `/admin`, and how they are sent.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{ServiceConfig, scope, to};
use actix_web::{HttpResponse, ResponseError, Route};
use isogloss_core::Scope;
use isogloss_dialect::openapi::responses_by_status;
use serde_json::json;
use utoipa::IntoResponses;
use utoipa::openapi::{RefOr, Response};

use crate::admin::AdminError;
use crate::http::api_key::KeyError;

/// Error of an administrator's request, sent as a JSON body with a `reason`.
#[derive(Debug)]
pub(super) enum ApiError {
    NoKey,
    /// There were too many wrong keys from that address. This one was not looked at.
    Throttled(Duration),
    NoScope(Scope),
    /// A right beyond those of the key.
    Forbidden(String),
    Malformed(String),
    NotFound(String),
    /// No such method; these there are.
    NoMethod(&'static str),
    Conflict(String),
    TooLarge,
    TimedOut,
    MediaType,
    Unavailable(String),
    Internal(String),
}

impl ApiError {
    /// Returns the reason for people, as the response has it.
    fn reason(&self) -> Cow<'_, str> {
        match self {
            Self::NoKey => "a bearer key of the realm admin is required".into(),
            Self::Throttled(_) => "too many wrong keys from this address".into(),
            Self::NoScope(scope) => format!("the key lacks the scope {}", scope.name()).into(),
            Self::NoMethod(allowed) => format!("this route supports the methods {allowed}").into(),
            Self::TooLarge => "the body is too large".into(),
            Self::TimedOut => "the body did not arrive in time".into(),
            Self::MediaType => "expected a body of the type application/json".into(),
            Self::Forbidden(reason)
            | Self::Malformed(reason)
            | Self::NotFound(reason)
            | Self::Conflict(reason)
            | Self::Unavailable(reason)
            | Self::Internal(reason) => reason.into(),
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason())
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NoKey => StatusCode::UNAUTHORIZED,
            Self::Throttled(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::NoScope(_) | Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NoMethod(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TimedOut => StatusCode::REQUEST_TIMEOUT,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Self::NoKey = self {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        if let Self::Throttled(retry_after) = self {
            response.insert_header((header::RETRY_AFTER, retry_after.as_secs()));
        }
        if let Self::NoMethod(allowed) = self {
            response.insert_header((header::ALLOW, *allowed));
        }
        response.json(json!({ "reason": self.reason() }))
    }
}

/// The body of a refusal.
#[derive(utoipa::ToSchema)]
#[schema(as = Refusal)]
#[expect(dead_code, reason = "it is written member by member")]
pub(super) struct ApiErrorBody {
    /// The reason, for people.
    reason: String,
}

impl IntoResponses for ApiError {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses_by_status(
            [
                Self::NoKey,
                Self::NoScope(Scope::KeysRead),
                Self::Forbidden("a key cannot grant more rights than it has".to_owned()),
                Self::Malformed("the request is invalid".to_owned()),
                Self::NotFound("not found".to_owned()),
                Self::Conflict(
                    "it conflicts with the current data: a name, number or key is already in use, or an organisation or \
                     unit still has users"
                        .to_owned(),
                ),
                Self::TooLarge,
                Self::TimedOut,
                Self::MediaType,
                Self::Throttled(Duration::from_secs(1)),
                Self::Unavailable("a store is unreachable".to_owned()),
            ],
            "Refusal",
        )
        .responses
    }
}

/// Returns the route that responds with 405 to methods other than `allowed`.
pub(super) fn no_method(allowed: &'static str) -> Route {
    to(move || async move { HttpResponse::from_error(ApiError::NoMethod(allowed)) })
}

/// Adds the 404 response for unknown routes to `cfg`.
pub(super) fn configure(cfg: &mut ServiceConfig) {
    let nothing = async || {
        let reason = "this route does not exist; /openapi.json lists all routes";
        HttpResponse::from_error(ApiError::NotFound(reason.to_owned()))
    };
    cfg.service(scope("/admin").default_service(to(nothing)));
}

impl From<KeyError> for ApiError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::NoValidKey => Self::NoKey,
            KeyError::Throttled(retry_after) => Self::Throttled(retry_after),
            KeyError::NoScope(scope) => Self::NoScope(scope),
            KeyError::Unavailable(error) => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<AdminError> for ApiError {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Malformed(reason) => Self::Malformed(reason),
            AdminError::NotFound(reason) => Self::NotFound(reason),
            AdminError::Conflict(reason) => Self::Conflict(reason),
            AdminError::Forbidden(reason) => Self::Forbidden(reason),
            AdminError::Unavailable(error) => Self::Unavailable(error.to_string()),
        }
    }
}
