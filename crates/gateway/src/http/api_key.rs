//! API keys of services and administrators at the management listener.

use std::time::Duration;

use isogloss_core::audit::{Event, EventActor, EventKind, RefusalReason, RequestContext};
use isogloss_core::{Auth, AuthError, ClientIp, Key, LoginOrigin, Realm};
use secrecy::{ExposeSecret, SecretString};

/// A key that a caller sends.
pub(crate) struct ShownKey {
    pub(crate) key: SecretString,
    /// The key after decoding as in RFC 6749, section 2.3.1, if that differs from `key`.
    pub(crate) decoded: Option<SecretString>,
}

impl From<SecretString> for ShownKey {
    fn from(key: SecretString) -> Self {
        let decoded = None;
        Self { key, decoded }
    }
}

/// A caller whose key is in the directory.
pub(crate) struct KeyHolder {
    pub(crate) key: Key,
    pub(crate) caller: RequestContext,
}

/// Reason why a caller with a key is refused.
pub(crate) enum Denied {
    /// The directory does not have the key.
    WrongKey,
    /// Too many wrong keys came from the client IP, and this one was not checked. Holds the time to wait.
    Throttled(Duration),
    /// A store cannot be queried.
    Unavailable(AuthError),
}

impl KeyHolder {
    /// Checks a key. Records a wrong or throttled key in the audit log, but not a failure of a store.
    pub(crate) async fn check(
        auth: &Auth,
        realm: Realm,
        shown: &ShownKey,
        source: Option<ClientIp>,
    ) -> Result<Self, Denied> {
        let caller = |actor| RequestContext {
            source,
            actor,
            ..RequestContext::default()
        };
        let origin = LoginOrigin::new(realm, source);
        let decoded = shown.decoded.as_ref().map(ExposeSecret::expose_secret);
        let key = shown.key.expose_secret();
        let (reason, denied) = match auth.key_shown_as(key, decoded, &origin).await {
            Ok(Some(key)) => {
                let caller = caller(Some(EventActor::Key(key.label.clone())));
                return Ok(Self { key, caller });
            }
            Ok(None) => (RefusalReason::Credentials, Denied::WrongKey),
            Err(AuthError::Throttled { retry_after }) => {
                (RefusalReason::Throttled, Denied::Throttled(retry_after))
            }
            Err(error) => return Err(Denied::Unavailable(error)),
        };
        let refused = async { Event::new(EventKind::Admin, auth.now()) };
        let refused = caller(None).scope(refused).await;
        auth.audit().record(refused.refused(reason));
        Err(denied)
    }
}
