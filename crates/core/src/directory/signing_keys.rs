//! The keys that sign JWTs, as a directory stores them for all gateways that share it.

use std::fmt;

use async_trait::async_trait;
use time::OffsetDateTime;

use crate::error::StoreError;

/// The private keys of JWTs. The directory knows them only sealed under a secret that it does not have.
#[async_trait]
pub trait SigningKeys: Send + Sync + 'static {
    /// Returns all keys that are sealed under one of these secrets, in no particular order. Fails if the directory
    /// is unavailable.
    async fn signing_keys(
        &self,
        secret_ids: &[String],
    ) -> Result<Vec<SealedSigningKey>, StoreError>;

    /// Adds a key. Returns false, and changes nothing, if there is one of the same secret, algorithm and period: of
    /// several gateways that make a key concurrently, one adds it. Fails if the directory is unavailable.
    async fn add_signing_key(&self, key: &SealedSigningKey) -> Result<bool, StoreError>;

    /// Removes the keys that were made before `made_before`, and returns how many there were. Fails if the directory
    /// is unavailable.
    async fn remove_signing_keys(&self, made_before: OffsetDateTime) -> Result<u64, StoreError>;
}

/// A private key, encrypted.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSigningKey {
    /// Which secret opens it: a name from which nothing can be learned about the secret.
    pub secret_id: String,
    /// The signature algorithm, as RFC 7518 and RFC 8037 name it.
    pub algorithm: String,
    /// The number of the period in which it signs.
    pub period: i64,
    /// The encrypted key.
    pub sealed: Vec<u8>,
    /// When it was made, to the second.
    pub created_at: OffsetDateTime,
}

impl fmt::Debug for SealedSigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SealedSigningKey({}, {}, …)",
            self.algorithm, self.period
        )
    }
}
