//! Who may use `/admin`: whoever has a key of the realm `admin` in the directory.

use std::borrow::Cow;
use std::fmt;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError};
use futures_util::future::LocalBoxFuture;
use isogloss_core::audit::{Actor, Caller, Event, Kind, Reason};
use isogloss_core::{Auth, Key, Realm, Scope};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

/// The realm of the directory's keys that open `/admin`.
const REALM: Realm = Realm::new("admin");

/// A request with such a key, which has yet to say what it is for.
pub(super) struct Admin {
    auth: Data<Auth>,
    caller: Caller,
    key: Key,
}

impl Admin {
    /// Goes on if the key has that scope.
    pub(super) async fn may(self, scope: Scope) -> Result<Entitled, Refusal> {
        let Self { auth, caller, key } = self;
        if key.scopes.allow(scope) {
            return Ok(Entitled { caller });
        }
        let refused = async {
            Event {
                target: Some(scope.name().to_owned()),
                ..Event::new(Kind::Admin, auth.now())
            }
        };
        let refused = caller.scope(refused).await;
        auth.audit().record(refused.refused(Reason::Scope));
        Err(Refusal::NoScope(scope))
    }
}

/// A request whose key has the scope that it takes.
pub(super) struct Entitled {
    caller: Caller,
}

impl Entitled {
    /// Does something in this administrator's name.
    pub(super) async fn act<F: Future>(self, work: F) -> F::Output {
        self.caller.scope(work).await
    }
}

impl FromRequest for Admin {
    type Error = Refusal;
    type Future = LocalBoxFuture<'static, Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let auth = request.app_data::<Data<Auth>>().cloned();
        let key = bearer(request.headers().get(header::AUTHORIZATION)).map(SecretString::from);
        let source = request.peer_addr().map(|peer| peer.ip().into());
        let caller = move |actor| Caller {
            source,
            actor,
            ..Caller::default()
        };
        Box::pin(async move {
            let (Some(auth), Some(key)) = (auth, key) else {
                return Err(Refusal::NoKey);
            };
            match auth.key(REALM, key.expose_secret()).await {
                Ok(Some(key)) => {
                    let caller = caller(Some(Actor::Key(key.label.clone())));
                    Ok(Self { auth, caller, key })
                }
                Ok(None) => {
                    let refused = async { Event::new(Kind::Admin, auth.now()) };
                    let refused = caller(None).scope(refused).await;
                    auth.audit().record(refused.refused(Reason::Credentials));
                    Err(Refusal::NoKey)
                }
                Err(error) => Err(Refusal::Unavailable(error.to_string())),
            }
        })
    }
}

fn bearer(value: Option<&HeaderValue>) -> Option<&str> {
    let (scheme, key) = value?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}

/// Why an administrator's request was not done. Each becomes a JSON body with a `reason`.
#[derive(Debug)]
pub(super) enum Refusal {
    NoKey,
    NoScope(Scope),
    Malformed(String),
    NotFound(String),
    Unavailable(String),
    Internal(String),
}

impl Refusal {
    fn reason(&self) -> Cow<'_, str> {
        match self {
            Self::NoKey => "a bearer key of the realm admin is needed".into(),
            Self::NoScope(scope) => format!("the key lacks the scope {}", scope.name()).into(),
            Self::Malformed(reason)
            | Self::NotFound(reason)
            | Self::Unavailable(reason)
            | Self::Internal(reason) => reason.into(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason())
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NoKey => StatusCode::UNAUTHORIZED,
            Self::NoScope(_) => StatusCode::FORBIDDEN,
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
        response.json(json!({ "reason": self.reason() }))
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
