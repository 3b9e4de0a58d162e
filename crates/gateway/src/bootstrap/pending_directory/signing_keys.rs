//! The keys of JWTs of a directory that is unavailable until the directory file is applied.

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::directory::{SealedSigningKey, SigningKeys};
use time::OffsetDateTime;

use super::PendingDirectory;

/// Always available: the keys of JWTs do not depend on the directory file.
#[async_trait]
impl SigningKeys for PendingDirectory {
    async fn signing_keys(
        &self,
        secret_ids: &[String],
    ) -> Result<Vec<SealedSigningKey>, StoreError> {
        self.directory.signing_keys(secret_ids).await
    }

    async fn add_signing_key(&self, key: &SealedSigningKey) -> Result<bool, StoreError> {
        self.directory.add_signing_key(key).await
    }

    async fn remove_signing_keys(&self, made_before: OffsetDateTime) -> Result<u64, StoreError> {
        self.directory.remove_signing_keys(made_before).await
    }
}
