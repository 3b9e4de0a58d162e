//! Form parameters and error responses as in RFC 6749.

use std::fmt;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse, ResponseError};
use futures_util::future::LocalBoxFuture;
use isogloss_core::{AuthError, StoreError};
use isogloss_dialect::{BodyError, read_body};
use serde_json::json;

use crate::http::api_key::KeyError;

/// The parameters of a form.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Removes a required parameter from the form and returns it.
    ///
    /// # Errors
    /// The parameter is missing, empty or given more than once.
    pub(super) fn mandatory(&mut self, name: &'static str) -> Result<String, OAuthError> {
        let value = self.optional(name)?;
        value.ok_or_else(|| OAuthError::InvalidRequest(format!("the parameter {name} is missing")))
    }

    /// Removes an optional parameter from the form and returns it, or `None` if it is absent or empty (RFC
    /// 6749, section 3.1).
    ///
    /// # Errors
    /// The parameter is given more than once.
    pub(super) fn optional(&mut self, name: &'static str) -> Result<Option<String>, OAuthError> {
        let mut values = self.all(name).into_iter();
        let value = values.next();
        if values.next().is_some() {
            let text = format!("the parameter {name} is given more than once");
            return Err(OAuthError::InvalidRequest(text));
        }
        Ok(value)
    }

    /// Removes all values of a parameter from the form and returns them.
    pub(super) fn all(&mut self, name: &'static str) -> Vec<String> {
        let values = self.0.extract_if(.., |(known, _)| known == name);
        values.map(|(_, value)| value).collect()
    }
}

impl FromRequest for Form {
    type Error = OAuthError;
    type Future = LocalBoxFuture<'static, Result<Self, OAuthError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media = request.content_type().to_ascii_lowercase();
        let body = read_body(request, payload);
        Box::pin(async move {
            if media != "application/x-www-form-urlencoded" {
                let text = "expected a form: Content-Type: application/x-www-form-urlencoded";
                return Err(OAuthError::InvalidRequest(text.to_owned()));
            }
            let body = body.await?;
            let given = form_urlencoded::parse(&body).filter(|(_, value)| !value.is_empty());
            let given = given.map(|(name, value)| (name.into_owned(), value.into_owned()));
            Ok(Self(given.collect()))
        })
    }
}

/// The reason why a request of a service fails. Each becomes an `error` with an `error_description`.
#[derive(Debug)]
pub(super) enum OAuthError {
    /// The request has no valid key of the realm `introspection`.
    InvalidClient,
    /// Too many wrong keys were sent from this address. This key was not checked.
    Throttled(Duration),
    /// The key lacks the scope.
    InsufficientScope(String),
    /// The request is invalid, or its token is not valid.
    InvalidRequest(String),
    /// The grant type is not supported, or JWTs are disabled.
    UnsupportedGrantType(&'static str),
    /// No JWT is issued for that audience.
    InvalidTarget,
    /// The body is too large.
    TooLarge,
    /// The body did not arrive in time.
    TimedOut,
    /// A store is unreachable.
    Unavailable(String),
    /// The token's dialect is unavailable for a while, as planned.
    Brownout {
        /// Time until the end of the brownout, in seconds.
        retry_after: i64,
    },
}

impl OAuthError {
    /// Returns the error for a name that is not the name of an enabled dialect.
    pub(super) fn unknown_dialect() -> Self {
        Self::InvalidRequest("no such dialect is enabled".to_owned())
    }

    /// Returns status, `error` and `error_description` of the response.
    fn response_parts(&self) -> (StatusCode, &'static str, &str) {
        let (status, error, text) = match self {
            Self::InvalidClient => (
                StatusCode::UNAUTHORIZED,
                "invalid_client",
                "a key of the realm introspection is required",
            ),
            Self::Throttled(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "temporarily_unavailable",
                "too many wrong keys from this address",
            ),
            Self::InsufficientScope(text) => (StatusCode::FORBIDDEN, "insufficient_scope", &**text),
            Self::InvalidRequest(text) => (StatusCode::BAD_REQUEST, "invalid_request", &**text),
            Self::UnsupportedGrantType(text) => {
                (StatusCode::BAD_REQUEST, "unsupported_grant_type", *text)
            }
            Self::InvalidTarget => (
                StatusCode::BAD_REQUEST,
                "invalid_target",
                "no token is issued for that audience; jwt.audiences lists those that may be named",
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "invalid_request",
                "the body is too large",
            ),
            Self::TimedOut => (
                StatusCode::REQUEST_TIMEOUT,
                "invalid_request",
                "the body did not arrive in time",
            ),
            Self::Unavailable(text) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                &**text,
            ),
            Self::Brownout { .. } => (
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "a planned brownout of the dialect",
            ),
        };
        (status, error, text)
    }
}

/// The body of a refusal.
#[derive(utoipa::ToSchema)]
#[schema(as = OAuthRefusal)]
#[expect(dead_code, reason = "it is written member by member")]
pub(super) struct OAuthErrorBody {
    error: String,
    error_description: String,
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.response_parts().2)
    }
}

impl ResponseError for OAuthError {
    fn status_code(&self) -> StatusCode {
        self.response_parts().0
    }

    fn error_response(&self) -> HttpResponse {
        let (status, error, text) = self.response_parts();
        let mut response = HttpResponse::build(status);
        match self {
            Self::InvalidClient => {
                response.insert_header((WWW_AUTHENTICATE, "Bearer"));
            }
            Self::Throttled(retry_after) => {
                response.insert_header((RETRY_AFTER, retry_after.as_secs()));
            }
            Self::Unavailable(_) => {
                response.insert_header((RETRY_AFTER, "1"));
            }
            Self::Brownout { retry_after } => {
                response.insert_header((RETRY_AFTER, *retry_after));
            }
            Self::InsufficientScope(_)
            | Self::InvalidRequest(_)
            | Self::UnsupportedGrantType(_)
            | Self::InvalidTarget
            | Self::TooLarge
            | Self::TimedOut => {}
        }
        response.json(json!({ "error": error, "error_description": text }))
    }
}

impl From<StoreError> for OAuthError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<KeyError> for OAuthError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::NoValidKey => Self::InvalidClient,
            KeyError::Throttled(retry_after) => Self::Throttled(retry_after),
            KeyError::NoScope(scope) => {
                Self::InsufficientScope(format!("the key lacks the scope {}", scope.name()))
            }
            KeyError::Unavailable(error) => error.into(),
        }
    }
}

/// Every other error of core means that the token is not valid, which is no error here.
impl From<AuthError> for OAuthError {
    fn from(error: AuthError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<BodyError> for OAuthError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::TooLarge,
            BodyError::TimedOut => Self::TimedOut,
            BodyError::Unreadable => Self::InvalidRequest("the body is invalid".to_owned()),
        }
    }
}
