//! Where tokens live: one trait, an embedded and a Redis backend, one suite that both pass.

#[cfg(test)]
mod contract;
mod embedded;
mod health;
mod record;
mod redis;

use async_trait::async_trait;
use time::OffsetDateTime;
use uuid::Uuid;

pub use self::embedded::EmbeddedStore;
pub use self::health::{Finding, Level, ServerHealth, StoreHealth};
pub use self::record::{Record, Slot};
pub use self::redis::{Eviction, RedisSettings, RedisStore};
use crate::clock::Clock;
use crate::error::StoreError;
use crate::token::TokenDigest;

/// Keeps records by token digest, and for each user the list of them.
///
/// Expiry is judged by the caller's clock: a backend may still answer a record that has expired,
/// and removes it in its own time.
#[async_trait]
pub trait TokenStore: Send + Sync + 'static {
    /// Stores a record, lists it under its user, and ends what it replaces: the token that held
    /// its exclusive slot before, and the user's oldest tokens beyond the cap.
    async fn put(
        &self,
        digest: TokenDigest,
        record: &Record,
        now: OffsetDateTime,
    ) -> Result<(), StoreError>;

    /// The record, if there is one.
    async fn get(&self, digest: TokenDigest) -> Result<Option<Record>, StoreError>;

    /// The token that holds a slot, if one does. It may have expired.
    async fn holder(&self, slot: TokenDigest) -> Result<Option<TokenDigest>, StoreError>;

    /// Gives a record that is there a new end; one that is gone stays gone.
    async fn extend(
        &self,
        digest: TokenDigest,
        record: &Record,
        now: OffsetDateTime,
    ) -> Result<(), StoreError>;

    /// Removes the record and answers it. Of several callers at once, one gets it.
    async fn take(&self, digest: TokenDigest) -> Result<Option<Record>, StoreError>;

    /// The user's records, oldest first.
    async fn of_user(&self, user: Uuid) -> Result<Vec<(TokenDigest, Record)>, StoreError>;

    /// Removes all records of a user and answers how many there were.
    async fn remove_user(&self, user: Uuid) -> Result<u64, StoreError>;

    /// Removes what has expired, and answers how many records that were. Backends whose server
    /// does so by itself answer 0.
    async fn sweep(&self, now: OffsetDateTime) -> Result<u64, StoreError>;

    /// Whether the store can be asked.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Looks at what lies behind the store: whether it is fit to hold tokens. Fails if it cannot
    /// be asked.
    async fn health(&self, _clock: &dyn Clock) -> Result<StoreHealth, StoreError> {
        Ok(StoreHealth::default())
    }
}
