//! Authorisation of `/admin`: requests need a key of the realm `admin`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, ServiceConfig, scope, to};
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError, Route};
use futures_util::future::LocalBoxFuture;
use isogloss_core::audit::{Event, EventKind, RefusalReason, RequestContext};
use isogloss_core::{Auth, Key, Realm, Scope};
use isogloss_dialect::openapi::responses_by_status;
use secrecy::SecretString;
use serde_json::json;
use utoipa::IntoResponses;
use utoipa::openapi::{RefOr, Response};

use crate::admin::AdminError;
use crate::admin::api_keys::Rights;
use crate::http::api_key::{Denied, KeyHolder, ShownKey};

/// The realm of the directory's keys that open `/admin`.
const REALM: Realm = Realm::new("admin");

/// A request with such a key, which has yet to say what it is for.
pub(super) struct Admin {
    auth: Data<Auth>,
    caller: RequestContext,
    key: Key,
}

impl Admin {
    /// Goes on if the key has that scope.
    pub(super) async fn may(self, scope: Scope) -> Result<Authorized, ApiError> {
        let Self { auth, caller, key } = self;
        if key.scopes.allow(scope) {
            let rights = Rights {
                scopes: key.scopes,
                expires_at: key.expires_at,
            };
            return Ok(Authorized { caller, rights });
        }
        let refused = async {
            Event {
                target: Some(scope.name().to_owned()),
                ..Event::new(EventKind::Admin, auth.now())
            }
        };
        let refused = caller.scope(refused).await;
        auth.audit().record(refused.refused(RefusalReason::Scope));
        Err(ApiError::NoScope(scope))
    }
}

/// A request whose key has the scope that it takes.
pub(super) struct Authorized {
    caller: RequestContext,
    rights: Rights,
}

impl Authorized {
    /// The other rights of the key.
    pub(super) fn rights(&self) -> Rights {
        self.rights.clone()
    }

    /// Does something in this administrator's name.
    pub(super) async fn act<F: Future>(self, work: F) -> F::Output {
        self.caller.scope(work).await
    }
}

impl FromRequest for Admin {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let auth = request.app_data::<Data<Auth>>().cloned();
        let key = bearer(request.headers().get(header::AUTHORIZATION))
            .map(SecretString::from)
            .map(ShownKey::from);
        let source = request.peer_addr().map(|peer| peer.ip().into());
        Box::pin(async move {
            let (Some(auth), Some(key)) = (auth, key) else {
                return Err(ApiError::NoKey);
            };
            let holder = KeyHolder::check(&auth, REALM, &key, source).await?;
            let KeyHolder { key, caller } = holder;
            Ok(Self { auth, caller, key })
        })
    }
}

fn bearer(value: Option<&HeaderValue>) -> Option<&str> {
    let (scheme, key) = value?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}

/// Why an administrator's request was not done. Each becomes a JSON body with a `reason`.
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
    TooSlow,
    MediaType,
    Unavailable(String),
    Internal(String),
}

impl ApiError {
    fn reason(&self) -> Cow<'_, str> {
        match self {
            Self::NoKey => "a bearer key of the realm admin is required".into(),
            Self::Throttled(_) => "too many wrong keys from this address".into(),
            Self::NoScope(scope) => format!("the key lacks the scope {}", scope.name()).into(),
            Self::NoMethod(allowed) => format!("this route supports the methods {allowed}").into(),
            Self::TooLarge => "the body is too large".into(),
            Self::TooSlow => "the body did not arrive in time".into(),
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
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
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
pub(super) struct Body {
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
                Self::TooSlow,
                Self::MediaType,
                Self::Throttled(Duration::from_secs(1)),
                Self::Unavailable("a store is unreachable".to_owned()),
            ],
            "Refusal",
        )
        .responses
    }
}

/// Returns the response to methods other than these.
pub(super) fn no_method(allowed: &'static str) -> Route {
    to(move || async move { HttpResponse::from_error(ApiError::NoMethod(allowed)) })
}

/// Adds the response for unknown routes.
pub(super) fn configure(cfg: &mut ServiceConfig) {
    let nothing = async || {
        let reason = "this route does not exist; /openapi.json lists all routes";
        HttpResponse::from_error(ApiError::NotFound(reason.to_owned()))
    };
    cfg.service(scope("/admin").default_service(to(nothing)));
}

impl From<Denied> for ApiError {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::WrongKey => Self::NoKey,
            Denied::Throttled(retry_after) => Self::Throttled(retry_after),
            Denied::Unavailable(error) => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<AdminError> for ApiError {
    fn from(undone: AdminError) -> Self {
        match undone {
            AdminError::Malformed(reason) => Self::Malformed(reason),
            AdminError::NotFound(reason) => Self::NotFound(reason),
            AdminError::Conflict(reason) => Self::Conflict(reason),
            AdminError::Forbidden(reason) => Self::Forbidden(reason),
            AdminError::Unavailable(error) => Self::Unavailable(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_from_the_header() {
        let read = |text: &str| {
            let value = HeaderValue::from_str(text).unwrap();
            bearer(Some(&value)).map(str::to_owned)
        };
        assert_eq!(read("Bearer a-key").as_deref(), Some("a-key"));
        assert_eq!(read("bearer  a-key ").as_deref(), Some("a-key"));
        assert_eq!(read("Basic a-key"), None);
        assert_eq!(read("a-key"), None);
        assert_eq!(bearer(None), None);
    }
}
