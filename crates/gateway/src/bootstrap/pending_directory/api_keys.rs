//! API keys of a directory that is unavailable until the directory file is applied.

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::directory::{KeyCursor, KeyDigest, KeyEntry, Keys};

use super::PendingDirectory;

#[async_trait]
impl Keys for PendingDirectory {
    async fn keys(&self) -> Result<Vec<KeyEntry>, StoreError> {
        self.ready()?.keys().await
    }

    async fn keys_after(
        &self,
        realm: Option<&str>,
        after: Option<&KeyCursor>,
        limit: u32,
    ) -> Result<Vec<KeyEntry>, StoreError> {
        self.ready()?.keys_after(realm, after, limit).await
    }

    async fn add_key(&self, key: &KeyEntry) -> Result<Option<KeyEntry>, StoreError> {
        self.ready()?.add_key(key).await
    }

    async fn remove_key(&self, realm: &str, digest: KeyDigest) -> Result<bool, StoreError> {
        self.ready()?.remove_key(realm, digest).await
    }
}
