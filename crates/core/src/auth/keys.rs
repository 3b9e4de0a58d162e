//! The keys of applications, services and administrators.

use super::Auth;
use crate::client::Client;
use crate::directory::KeyDigest;
use crate::error::AuthError;
use crate::throttle::Origin;
use crate::token::Realm;
use crate::user::Key;

impl Auth {
    /// Returns the key that a caller shows, as [`Auth::key`] does. Wrong ones are counted against the
    /// source of the request; the same key from the same source again is not, right or wrong.
    pub async fn shown_key(&self, key: &str, origin: &Origin) -> Result<Option<Key>, AuthError> {
        self.key_shown_as(key, None, origin).await
    }

    /// The same for a key that was shown in a form that can be read in two ways. Both together are one try.
    pub async fn key_shown_as(
        &self,
        key: &str,
        otherwise: Option<&str>,
        origin: &Origin,
    ) -> Result<Option<Key>, AuthError> {
        let check = async {
            let mut found = self.key(origin.realm, key).await?;
            if let (None, Some(otherwise)) = (&found, otherwise) {
                found = self.key(origin.realm, otherwise).await?;
            }
            found.ok_or(AuthError::InvalidCredentials)
        };
        match self.counted_key(key, origin, check).await {
            Ok(key) => Ok(Some(key)),
            Err(AuthError::InvalidCredentials) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// An application's key, if the realm has it, it has not expired, and it is not cut off. This is
    /// for names of applications that are no secret: nothing is counted.
    pub async fn key(&self, realm: Realm, key: &str) -> Result<Option<Key>, AuthError> {
        let digest = KeyDigest::of(key);
        let key = self.0.directory.key(realm.name(), digest).await?;
        let now = self.now();
        let key = key.filter(|key| key.expires_at.is_none_or(|expires_at| now < expires_at));
        if let Some(key) = &key {
            Client::note_key(&key.label)?;
        }
        Ok(key)
    }
}
