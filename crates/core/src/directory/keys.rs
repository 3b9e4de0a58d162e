//! Application keys in a directory.

use async_trait::async_trait;

use super::{KeyDigest, KeyEntry};
use crate::error::StoreError;

/// Administration of application keys.
#[async_trait]
pub trait Keys: Send + Sync + 'static {
    /// Returns all keys, ordered by realm and label. Fails if the directory is unavailable.
    async fn keys(&self) -> Result<Vec<KeyEntry>, StoreError>;

    /// Returns the keys of a realm, or of all of them, that come after a place, ordered by realm, label and digest, at
    /// most `limit` of them. Fails if the directory is unavailable.
    async fn keys_after(
        &self,
        realm: Option<&str>,
        after: Option<&KeyCursor>,
        limit: u32,
    ) -> Result<Vec<KeyEntry>, StoreError>;

    /// Adds a key, and returns it as it is stored. `None`, without any change, if the key exists already. Fails if
    /// the directory has digest keys and none of them opens, or if it is unavailable.
    async fn add_key(&self, key: &KeyEntry) -> Result<Option<KeyEntry>, StoreError>;

    /// Removes and revokes a key. Returns false if there was none. Fails if the directory is unavailable.
    async fn remove_key(&self, realm: &str, digest: KeyDigest) -> Result<bool, StoreError>;
}

/// The place of a key in the order of realm, label and digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyCursor {
    /// The realm.
    pub realm: String,
    /// The label.
    pub label: String,
    /// The first bytes of the digest, as many as the identifier of the key has.
    pub id: [u8; 6],
}

impl KeyCursor {
    /// Returns the place of a key.
    pub fn of(key: &KeyEntry) -> Self {
        Self {
            realm: key.realm.clone(),
            label: key.label.clone(),
            id: key.digest.beginning(),
        }
    }

    /// Returns the last digest that this place can mean.
    pub fn last_digest(&self) -> [u8; 32] {
        let mut digest = [u8::MAX; 32];
        for (byte, known) in digest.iter_mut().zip(self.id) {
            *byte = known;
        }
        digest
    }
}
