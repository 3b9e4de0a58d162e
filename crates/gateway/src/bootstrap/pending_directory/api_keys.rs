//! API keys of a directory that is unavailable until the directory file is applied.

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::directory::{KeyDigest, KeyEntry, Keys};

use super::PendingDirectory;

#[async_trait]
impl Keys for PendingDirectory {
    async fn keys(&self) -> Result<Vec<KeyEntry>, StoreError> {
        self.ready()?.keys().await
    }

    async fn add_key(&self, key: &KeyEntry) -> Result<Option<KeyEntry>, StoreError> {
        self.ready()?.add_key(key).await
    }

    async fn remove_key(&self, realm: &str, digest: KeyDigest) -> Result<bool, StoreError> {
        self.ready()?.remove_key(realm, digest).await
    }
}
