//! What a directory keeps of applications' keys.

use async_trait::async_trait;

use super::{KeyDigest, KeyEntry};
use crate::error::StoreError;

/// Keys, as operators see to them.
#[async_trait]
pub trait Keys: Send + Sync + 'static {
    /// All keys, by realm and label.
    async fn keys(&self) -> Result<Vec<KeyEntry>, StoreError>;

    /// Adds a key, and returns it as it is stored; `None` if it is there already, and stays as it is.
    async fn add_key(&self, key: &KeyEntry) -> Result<Option<KeyEntry>, StoreError>;

    /// Removes a key, and answers whether there was one.
    async fn remove_key(&self, realm: &str, digest: KeyDigest) -> Result<bool, StoreError>;
}
