//! Application keys in a directory.

use async_trait::async_trait;

use super::{KeyDigest, KeyEntry};
use crate::error::StoreError;

/// Administration of application keys.
#[async_trait]
pub trait Keys: Send + Sync + 'static {
    /// Returns all keys, ordered by realm and label. Fails if the directory is unavailable.
    async fn keys(&self) -> Result<Vec<KeyEntry>, StoreError>;

    /// Adds a key, and returns it as it is stored. `None`, without any change, if the key exists already. Fails if
    /// the directory has digest keys and none of them opens, or if it is unavailable.
    async fn add_key(&self, key: &KeyEntry) -> Result<Option<KeyEntry>, StoreError>;

    /// Removes and revokes a key. Returns false if there was none. Fails if the directory is unavailable.
    async fn remove_key(&self, realm: &str, digest: KeyDigest) -> Result<bool, StoreError>;
}
