//! Error responses as in RFC 6749, section 5.2, and RFC 6750, section 3.

use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use isogloss_core::{AuthError, Scope, StoreError};
use isogloss_dialect::BodyError;
use serde_json::json;

use crate::http::api_key::KeyError;
use crate::jwt::KeysUnavailable;

/// How a service has tried to authenticate. A refusal names the same scheme in `WWW-Authenticate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AuthScheme {
    /// HTTP Basic, a form, or not at all.
    Basic,
    /// RFC 6750.
    Bearer,
}

/// The reason why a request of a service fails. Each becomes an `error` with an `error_description`.
#[derive(Debug)]
pub(super) enum OAuthError {
    /// The request has no valid key of the realm `introspection`.
    InvalidClient(AuthScheme),
    /// Too many wrong keys were sent from this address. This key was not checked.
    Throttled(Duration),
    /// The key lacks the scope.
    InsufficientScope(AuthScheme, Scope),
    /// The request is invalid, or its token is not valid.
    InvalidRequest(String),
    /// The grant type is not supported, or JWTs are disabled.
    UnsupportedGrantType(&'static str),
    /// No JWT is issued for that audience.
    InvalidTarget,
    /// The token does not have the requested scopes.
    InvalidScope,
    /// No user authorises a client here.
    UnsupportedResponseType,
    /// No JWTs are issued, or their issuer is not an address.
    NoMetadata,
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

    /// Returns the error for a key that is refused. `scheme` is the one in which the service sent it.
    pub(super) fn of_key(error: KeyError, scheme: AuthScheme) -> Self {
        match error {
            KeyError::NoValidKey => Self::InvalidClient(scheme),
            KeyError::Throttled(retry_after) => Self::Throttled(retry_after),
            KeyError::NoScope(scope) => Self::InsufficientScope(scheme, scope),
            KeyError::Unavailable(error) => error.into(),
        }
    }

    /// Returns the value of `WWW-Authenticate`. `None` if another key would not help.
    fn challenge(&self) -> Option<String> {
        match self {
            Self::InvalidClient(AuthScheme::Bearer) => {
                Some(r#"Bearer realm="isogloss", error="invalid_token""#.to_owned())
            }
            Self::InsufficientScope(AuthScheme::Bearer, scope) => Some(format!(
                r#"Bearer realm="isogloss", error="insufficient_scope", scope="{}""#,
                scope.name()
            )),
            Self::InvalidClient(AuthScheme::Basic)
            | Self::InsufficientScope(AuthScheme::Basic, _) => {
                Some(r#"Basic realm="isogloss""#.to_owned())
            }
            Self::Throttled(_)
            | Self::InvalidRequest(_)
            | Self::UnsupportedGrantType(_)
            | Self::InvalidTarget
            | Self::InvalidScope
            | Self::UnsupportedResponseType
            | Self::NoMetadata
            | Self::TooLarge
            | Self::TimedOut
            | Self::Unavailable(_)
            | Self::Brownout { .. } => None,
        }
    }

    /// Returns the seconds after which the service may try again. `None` if the same request fails again.
    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Throttled(retry_after) => Some(retry_after.as_secs()),
            Self::Unavailable(_) => Some(1),
            Self::Brownout { retry_after } => Some(u64::try_from(*retry_after).unwrap_or_default()),
            Self::InvalidClient(_)
            | Self::InsufficientScope(..)
            | Self::InvalidRequest(_)
            | Self::UnsupportedGrantType(_)
            | Self::InvalidTarget
            | Self::InvalidScope
            | Self::UnsupportedResponseType
            | Self::NoMetadata
            | Self::TooLarge
            | Self::TimedOut => None,
        }
    }

    /// Returns status, `error` and `error_description` of the response.
    fn response_parts(&self) -> (StatusCode, &'static str, &str) {
        let (status, error, text) = match self {
            Self::InvalidClient(_) => (
                StatusCode::UNAUTHORIZED,
                "invalid_client",
                "a key of the realm introspection is required",
            ),
            Self::Throttled(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "temporarily_unavailable",
                "too many wrong keys from this address",
            ),
            Self::InsufficientScope(_, Scope::TokensExchange) => (
                StatusCode::FORBIDDEN,
                "insufficient_scope",
                "the key lacks the scope tokens:exchange",
            ),
            Self::InsufficientScope(..) => (
                StatusCode::FORBIDDEN,
                "insufficient_scope",
                "the key lacks the scope tokens:introspect",
            ),
            Self::InvalidRequest(text) => (StatusCode::BAD_REQUEST, "invalid_request", &**text),
            Self::UnsupportedGrantType(text) => {
                (StatusCode::BAD_REQUEST, "unsupported_grant_type", *text)
            }
            Self::InvalidTarget => (
                StatusCode::BAD_REQUEST,
                "invalid_target",
                "no token is issued for that audience; jwt.audiences lists those that may be named",
            ),
            Self::InvalidScope => (
                StatusCode::BAD_REQUEST,
                "invalid_scope",
                "the token does not have these scopes; introspection.scopes lists those of each role",
            ),
            Self::UnsupportedResponseType => (
                StatusCode::BAD_REQUEST,
                "unsupported_response_type",
                "no user authorises a client here: users log in with their dialect, and /token exchanges its tokens",
            ),
            Self::NoMetadata => (
                StatusCode::NOT_FOUND,
                "invalid_request",
                "there are no metadata: jwt.enabled is false, or jwt.issuer is not an address",
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
        if let Some(challenge) = self.challenge() {
            response.insert_header((WWW_AUTHENTICATE, challenge));
        }
        if let Some(seconds) = self.retry_after() {
            response.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        response.json(json!({ "error": error, "error_description": text }))
    }
}

impl From<StoreError> for OAuthError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<KeysUnavailable> for OAuthError {
    fn from(error: KeysUnavailable) -> Self {
        Self::Unavailable(error.to_string())
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
