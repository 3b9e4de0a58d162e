//! Extractor of API keys of services and administrators at the management listener.

use std::marker::PhantomData;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderValue};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use isogloss_core::audit::{Event, EventActor, EventKind, RefusalReason, RequestContext};
use isogloss_core::{Auth, AuthError, ClientIp, Key, KeyLimits, LoginOrigin, Realm, Scope};
use secrecy::{ExposeSecret, SecretString};

use crate::admin::api_keys::Rights;

/// Realm of API keys.
pub(crate) trait KeyRealm: 'static {
    /// The realm of the keys in the directory.
    const REALM: Realm;
}

/// Realm whose keys are sent as bearers only. Its routes respond to a missing or wrong key in a format of their own.
pub(crate) trait BearerRealm: KeyRealm {
    /// Error of the routes.
    type Error: From<KeyError> + Into<actix_web::Error> + 'static;
}

/// A key that a caller sends.
pub(crate) struct PresentedKey {
    pub(crate) key: SecretString,
    /// The key after decoding as in RFC 6749, section 2.3.1, if that differs from `key`.
    pub(crate) decoded: Option<SecretString>,
}

impl From<SecretString> for PresentedKey {
    fn from(key: SecretString) -> Self {
        let decoded = None;
        Self { key, decoded }
    }
}

/// Reason why a request with or without a key is refused.
#[derive(Debug)]
pub(crate) enum KeyError {
    /// The request has no key, or the directory does not have it.
    NoValidKey,
    /// Too many wrong keys came from the client IP, and this one was not checked. Holds the time to wait.
    Throttled(Duration),
    /// The key lacks this scope.
    NoScope(Scope),
    /// A store cannot be queried.
    Unavailable(AuthError),
}

/// A valid key of the realm `R`. Its scopes are not checked yet. It is an extractor if the realm is a [`BearerRealm`].
pub(crate) struct ApiKey<R> {
    auth: Data<Auth>,
    caller: RequestContext,
    key: Key,
    realm: PhantomData<R>,
}

impl<R: KeyRealm> ApiKey<R> {
    /// Returns a key that was looked up by other means, such as a session that it began, for a caller at `source`.
    pub(crate) fn of_session(auth: Data<Auth>, key: Key, source: Option<ClientIp>) -> Self {
        let caller = RequestContext {
            source,
            actor: Some(EventActor::Key(key.label.clone())),
            ..RequestContext::default()
        };
        Self {
            auth,
            caller,
            key,
            realm: PhantomData,
        }
    }

    /// Returns the key.
    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// Runs `work` with the key as the actor of its audit events, and returns its output.
    pub(crate) async fn run<F: Future>(&self, work: F) -> F::Output {
        self.caller.clone().scope(work).await
    }

    /// Looks up a key in the directory. Records a wrong or throttled key in the audit log, but not a failure of
    /// a store.
    ///
    /// # Errors
    /// `NoValidKey` if the directory does not have the key, `Throttled` if it was not checked, `Unavailable` if
    /// a store is unreachable.
    pub(crate) async fn check(
        auth: Data<Auth>,
        presented: &PresentedKey,
        source: Option<ClientIp>,
    ) -> Result<Self, KeyError> {
        let origin = LoginOrigin::new(R::REALM, source);
        let decoded = presented.decoded.as_ref().map(ExposeSecret::expose_secret);
        let key = presented.key.expose_secret();
        let (reason, error) = match auth.authenticate_key_as(key, decoded, &origin).await {
            Ok(Some(key)) => return Ok(Self::of_session(auth, key, source)),
            Ok(None) => (RefusalReason::Credentials, KeyError::NoValidKey),
            Err(AuthError::Throttled { retry_after, .. }) => {
                (RefusalReason::Throttled, KeyError::Throttled(retry_after))
            }
            Err(error) => return Err(KeyError::Unavailable(error)),
        };
        let refused = async { Event::new(EventKind::Admin, auth.now()) };
        let caller = RequestContext {
            source,
            ..RequestContext::default()
        };
        let refused = caller.scope(refused).await;
        auth.audit().record(refused.refused(reason));
        Err(error)
    }

    /// Returns the caller if its key has `scope`. Otherwise records a refused event in the audit log.
    ///
    /// # Errors
    /// [`KeyError::NoScope`] if the key lacks the scope.
    pub(crate) async fn authorize(self, scope: Scope) -> Result<Authorized, KeyError> {
        self.authorize_all(&[scope]).await
    }

    /// Returns the caller if its key has all of `scopes`. Otherwise records a refused event in the audit log.
    ///
    /// # Errors
    /// [`KeyError::NoScope`] with the first scope that the key lacks.
    pub(crate) async fn authorize_all(self, scopes: &[Scope]) -> Result<Authorized, KeyError> {
        for scope in scopes {
            self.require(*scope).await?;
        }
        let Self { caller, key, .. } = self;
        Ok(Authorized { caller, key })
    }

    /// Succeeds if the key has `scope`. Otherwise records a refused event in the audit log.
    ///
    /// # Errors
    /// [`KeyError::NoScope`] if the key lacks the scope.
    pub(crate) async fn require(&self, scope: Scope) -> Result<(), KeyError> {
        if self.key.scopes.allow(scope) {
            return Ok(());
        }
        let refused = async {
            Event {
                target: Some(scope.name().to_owned()),
                ..Event::new(EventKind::Admin, self.auth.now())
            }
        };
        let refused = self.run(refused).await;
        self.auth
            .audit()
            .record(refused.refused(RefusalReason::Scope));
        Err(KeyError::NoScope(scope))
    }
}

impl<R: BearerRealm> FromRequest for ApiKey<R> {
    type Error = R::Error;
    type Future = LocalBoxFuture<'static, Result<Self, R::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let auth = request.app_data::<Data<Auth>>().cloned();
        let key = parse_bearer(request.headers().get(AUTHORIZATION));
        let source = request.peer_addr().map(|peer| peer.ip().into());
        Box::pin(async move {
            let (Some(auth), Some(key)) = (auth, key) else {
                return Err(KeyError::NoValidKey.into());
            };
            Ok(Self::check(auth, &key, source).await?)
        })
    }
}

/// A caller whose key has the scope that the route requires.
pub(crate) struct Authorized {
    caller: RequestContext,
    key: Key,
}

impl Authorized {
    /// Returns the scopes and the expiry of the key.
    pub(crate) fn rights(&self) -> Rights {
        Rights {
            scopes: self.key.scopes.clone(),
            expires_at: self.key.expires_at,
        }
    }

    /// Returns the dialects and audiences to which the key is bound.
    pub(crate) fn limits(&self) -> &KeyLimits {
        self.key.limits()
    }

    /// Runs `work` with the key as the actor of its audit events, and returns its output.
    pub(crate) async fn run<F: Future>(self, work: F) -> F::Output {
        self.caller.scope(work).await
    }
}

/// Parses a bearer key in the value of `Authorization`. Returns `None` for any other value.
pub(crate) fn parse_bearer(authorization: Option<&HeaderValue>) -> Option<PresentedKey> {
    let (scheme, key) = authorization?.to_str().ok()?.split_once(' ')?;
    let key = || SecretString::from(key.trim()).into();
    scheme.eq_ignore_ascii_case("bearer").then(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_from_the_header() {
        let read = |text: &str| {
            let value = HeaderValue::from_str(text).unwrap();
            let key = parse_bearer(Some(&value))?;
            Some(key.key.expose_secret().to_owned())
        };
        assert_eq!(read("Bearer a-key").as_deref(), Some("a-key"));
        assert_eq!(read("bearer  a-key ").as_deref(), Some("a-key"));
        assert_eq!(read("Basic a-key"), None);
        assert_eq!(read("a-key"), None);
        assert!(parse_bearer(None).is_none());
    }
}
