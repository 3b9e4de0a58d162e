//! The holder of a key at the management listener: a service or an administrator.

use std::time::Duration;

use isogloss_core::audit::{Actor, Caller, Event, Kind, Reason};
use isogloss_core::{Auth, AuthError, Key, Origin, Realm, Source};
use secrecy::{ExposeSecret as _, SecretString};

/// A caller whose key is in the directory.
pub(crate) struct KeyHolder {
    pub(crate) key: Key,
    pub(crate) caller: Caller,
}

/// Why a caller with a key is refused.
pub(crate) enum Denied {
    /// The directory does not have it.
    WrongKey,
    /// There were too many wrong keys from that address. This one was not looked at.
    Throttled(Duration),
    /// A store cannot be asked.
    Unavailable(AuthError),
}

impl KeyHolder {
    /// Checks a key, and records a refusal.
    pub(crate) async fn check(
        auth: &Auth,
        realm: Realm,
        key: &SecretString,
        source: Option<Source>,
    ) -> Result<Self, Denied> {
        let caller = |actor| Caller {
            source,
            actor,
            ..Caller::default()
        };
        let origin = Origin::new(realm, source);
        let (reason, denied) = match auth.shown_key(key.expose_secret(), &origin).await {
            Ok(Some(key)) => {
                let caller = caller(Some(Actor::Key(key.label.clone())));
                return Ok(Self { key, caller });
            }
            Ok(None) => (Reason::Credentials, Denied::WrongKey),
            Err(AuthError::Throttled { retry_after }) => {
                (Reason::Throttled, Denied::Throttled(retry_after))
            }
            Err(error) => return Err(Denied::Unavailable(error)),
        };
        let refused = async { Event::new(Kind::Admin, auth.now()) };
        let refused = caller(None).scope(refused).await;
        auth.audit().record(refused.refused(reason));
        Err(denied)
    }
}
