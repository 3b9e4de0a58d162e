//! A service that asks: whoever has a key of the realm `introspection` in the directory.

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use data_encoding::BASE64;
use futures_util::future::LocalBoxFuture;
use isogloss_core::audit::{Caller, Event, Kind, Reason};
use isogloss_core::{Auth, Key, Realm, Scope};
use secrecy::SecretString;

use super::oauth::Refusal;
use crate::key_holder::KeyHolder;

/// The realm of the directory's keys that services ask with.
const REALM: Realm = Realm::new("introspection");

/// A service with such a key.
pub(super) struct Backend {
    auth: Data<Auth>,
    caller: Caller,
    key: Key,
}

impl Backend {
    /// Goes on if the key has that scope.
    pub(super) async fn may(self, scope: Scope) -> Result<Self, Refusal> {
        if self.key.scopes.allow(scope) {
            return Ok(self);
        }
        let refused = async {
            Event {
                target: Some(scope.name().to_owned()),
                ..Event::new(Kind::Admin, self.auth.now())
            }
        };
        let refused = self.caller.clone().scope(refused).await;
        self.auth.audit().record(refused.refused(Reason::Scope));
        let text = format!("the key lacks the scope {}", scope.name());
        Err(Refusal::InsufficientScope(text))
    }

    /// Does something in this service's name.
    pub(super) async fn act<F: Future>(self, work: F) -> F::Output {
        self.caller.scope(work).await
    }
}

impl FromRequest for Backend {
    type Error = Refusal;
    type Future = LocalBoxFuture<'static, Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let auth = request.app_data::<Data<Auth>>().cloned();
        let key = key(request.headers().get(header::AUTHORIZATION));
        let source = request.peer_addr().map(|peer| peer.ip().into());
        Box::pin(async move {
            let (Some(auth), Some(key)) = (auth, key) else {
                return Err(Refusal::InvalidClient);
            };
            let holder = KeyHolder::check(&auth, REALM, &key, source).await?;
            let KeyHolder { key, caller } = holder;
            Ok(Self { auth, caller, key })
        })
    }
}

/// The key as a bearer's, or as the password of a client whatever its name (RFC 6749, section 2.3.1).
fn key(value: Option<&HeaderValue>) -> Option<SecretString> {
    let (scheme, credentials) = value?.to_str().ok()?.split_once(' ')?;
    let credentials = credentials.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(credentials.into());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = BASE64.decode(credentials.as_bytes()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (_, key) = text.split_once(':')?;
    Some(key.into())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_key_comes_as_a_bearer_or_as_a_password() {
        let read = |text: &str| {
            let key = key(Some(&HeaderValue::from_str(text).unwrap()));
            key.map(|key| key.expose_secret().to_owned())
        };
        assert_eq!(read("Bearer a-key").as_deref(), Some("a-key"));
        assert_eq!(read("bearer  a-key ").as_deref(), Some("a-key"));
        assert_eq!(read("Basic c2VydmljZTphLWtleQ==").as_deref(), Some("a-key"));
        assert_eq!(read("basic OmEta2V5").as_deref(), Some("a-key"));
        for other in ["", "a-key", "Basic a-key", "Basic c2VydmljZQ==", "Digest x"] {
            assert_eq!(read(other), None, "{other}");
        }
        assert!(key(None).is_none());
    }
}
