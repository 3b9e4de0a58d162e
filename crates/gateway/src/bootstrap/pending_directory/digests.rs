//! Digest keys of a directory that is unavailable until the directory file is applied.

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::directory::{DigestKey, DigestKeyId, DigestRing, KeyEntry, SealedKey};

use super::PendingDirectory;

#[async_trait]
impl DigestRing for PendingDirectory {
    fn opens(&self, key: &SealedKey) -> bool {
        self.directory.opens(key)
    }

    fn unreadable_digest_keys(&self) -> Vec<DigestKeyId> {
        self.directory.unreadable_digest_keys()
    }

    async fn digest_keys(&self) -> Result<Vec<DigestKey>, StoreError> {
        self.ready()?.digest_keys().await
    }

    async fn add_digest_key(&self) -> Result<DigestKeyId, StoreError> {
        self.ready()?.add_digest_key().await
    }

    async fn remove_digest_key(&self, id: DigestKeyId) -> Result<Option<u64>, StoreError> {
        self.ready()?.remove_digest_key(id).await
    }

    async fn key_digests(&self, limit: u32) -> Result<u64, StoreError> {
        self.ready()?.key_digests(limit).await
    }

    async fn key_of_former_id(&self, id: &str) -> Result<Option<KeyEntry>, StoreError> {
        self.ready()?.key_of_former_id(id).await
    }
}
