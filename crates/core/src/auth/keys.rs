//! The keys of applications, services and administrators.

use super::Auth;
use crate::client_identity::ClientIdentity;
use crate::directory::KeyDigest;
use crate::error::AuthError;
use crate::refusal_cause::RefusalCause;
use crate::throttle::LoginOrigin;
use crate::token::Realm;
use crate::user::{Key, User};

/// A login with an application's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyLogin {
    /// The user as which the key acts.
    pub user: User,
    /// The operator's name for the key.
    pub label: String,
}

impl Auth {
    /// Returns the key that a caller presents. `None` if the realm of `origin` does not have such a key, or if the
    /// key has expired. Wrong keys are counted against the source of the request; the same key from the same
    /// source is not counted again, right or wrong.
    ///
    /// # Errors
    ///
    /// - [`AuthError::Forbidden`] if the key is blocked.
    /// - [`AuthError::Throttled`] if a lock refuses the attempt.
    /// - [`AuthError::Unavailable`] if the directory or the throttle's store is unavailable.
    pub async fn authenticate_key(
        &self,
        key: &str,
        origin: &LoginOrigin,
    ) -> Result<Option<Key>, AuthError> {
        self.authenticate_key_as(key, None, origin).await
    }

    /// Returns the key that a caller presents in a form that can be parsed in two ways: as `key`, or else as
    /// `otherwise`. `None` if the realm of `origin` has neither, or has only one that has expired. Both together
    /// are one attempt, which is counted as in [`Auth::authenticate_key`].
    ///
    /// # Errors
    ///
    /// The errors of [`Auth::authenticate_key`].
    pub async fn authenticate_key_as(
        &self,
        key: &str,
        otherwise: Option<&str>,
        origin: &LoginOrigin,
    ) -> Result<Option<Key>, AuthError> {
        let check = async {
            let mut found = self.usable_key(origin.realm, key).await;
            if let (Err(AuthError::InvalidCredentials(_)), Some(otherwise)) = (&found, otherwise) {
                found = self.usable_key(origin.realm, otherwise).await;
            }
            found
        };
        let found = self.throttled_key(key, origin, check).await;
        if let Err(error) = &found {
            self.note_refusal(None, error);
        }
        match found {
            Ok(key) => Ok(Some(key)),
            Err(AuthError::InvalidCredentials(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns an application's key. `None` if the realm does not have such a key, or if the key has expired. No
    /// attempt is counted: this function is for names of applications that are no secret.
    ///
    /// # Errors
    ///
    /// [`AuthError::Forbidden`] if the key is blocked, and [`AuthError::Unavailable`] if the directory is
    /// unavailable.
    pub async fn key(&self, realm: Realm, key: &str) -> Result<Option<Key>, AuthError> {
        match self.usable_key(realm, key).await {
            Ok(key) => Ok(Some(key)),
            Err(error @ AuthError::InvalidCredentials(_)) => {
                self.note_refusal(None, &error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Returns an application's key, and records it as that of the client. Fails with
    /// [`AuthError::InvalidCredentials`] if there is no such key or it has expired, with [`AuthError::Forbidden`] if
    /// it is blocked, and with [`AuthError::Unavailable`] if the directory is unavailable.
    pub(super) async fn usable_key(&self, realm: Realm, key: &str) -> Result<Key, AuthError> {
        let key = self.find_key(realm, key).await?;
        ClientIdentity::record_key(&key.label)?;
        Ok(key)
    }

    /// Returns whether the realm has an application's key that has not expired. For names of applications that a
    /// login may have or not: neither an attempt is counted, nor the key recorded as that of the client.
    ///
    /// # Errors
    ///
    /// [`AuthError::Unavailable`] if the directory is unavailable.
    pub async fn has_key(&self, realm: Realm, key: &str) -> Result<bool, AuthError> {
        match self.find_key(realm, key).await {
            Ok(_) => Ok(true),
            Err(AuthError::InvalidCredentials(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Returns a key of the realm. Fails with [`AuthError::InvalidCredentials`] if there is no such key or it has
    /// expired, and with [`AuthError::Unavailable`] if the directory is unavailable.
    async fn find_key(&self, realm: Realm, key: &str) -> Result<Key, AuthError> {
        let refused = |cause| Err(AuthError::InvalidCredentials(cause));
        let digest = KeyDigest::of(key);
        let key = self.components.directory.key(realm.name(), digest).await?;
        let now = self.now();
        match key {
            None => refused(RefusalCause::UnknownKey),
            Some(key) if key.expires_at.is_some_and(|expires_at| expires_at <= now) => {
                refused(RefusalCause::ExpiredKey { label: key.label })
            }
            Some(key) => Ok(key),
        }
    }
}
