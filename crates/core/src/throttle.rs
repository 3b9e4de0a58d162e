//! Limits on guessing passwords: budgets that wrong attempts use up and that refill with time.
//!
//! A bucket holds some free attempts. When they are used up, each further attempt is followed by a lock, twice
//! as long as the one before. Only a granted attempt makes a lock longer.

mod attempt;
mod attempt_target;
pub(crate) mod bucket;
mod keys;
mod limits;
mod listing;
mod login_origin;
mod memory;
mod policy;

use async_trait::async_trait;
use time::OffsetDateTime;

pub(crate) use self::attempt::{Attempt, record_wrong, whole_seconds};
pub(crate) use self::attempt_target::{
    AttemptTarget, KnownDevice, network_of, unlinked_account, user_account,
};
pub use self::bucket::{Bucket, BucketKind, ChargeOutcome, Permit};
pub use self::limits::{Budget, Limits};
pub use self::listing::{
    BucketCursor, BucketList, BucketPage, BucketQuery, ListPart, ListedBucket, OutdatedEntry,
    PageReader,
};
pub use self::login_origin::{ClientIp, LoginOrigin, RequestedAccess};
pub use self::memory::MemoryThrottle;
pub use self::policy::LoginThrottle;
use crate::error::StoreError;
use crate::store::Finding;
use crate::token_digest::TokenDigest;

/// The maximum number of addresses that are remembered for an account; beyond that, the address with the oldest
/// last login is removed. Only logins with the right password add addresses, so an attacker cannot displace the
/// user's own ones.
pub const CLIENTS_PER_ACCOUNT: usize = 32;

/// A store of buckets, and of the clients (keyed digests of their addresses) from which an account has been
/// used.
#[async_trait]
pub trait Throttle: Send + Sync + 'static {
    /// Takes an attempt out of a bucket. Returns whether it was granted, or until when the bucket is locked. Of
    /// several concurrent callers, only as many are granted an attempt as there are attempts left; the last of
    /// them locks the bucket.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store is unreachable or accepts no changes. The attempt may have been taken
    /// nevertheless.
    async fn charge(
        &self,
        bucket: &Bucket,
        budget: &Budget,
        now: OffsetDateTime,
    ) -> Result<ChargeOutcome, StoreError>;

    /// Returns an attempt to its bucket, and removes the lock that the attempt began.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store is unreachable or accepts no changes.
    async fn refund(
        &self,
        bucket: TokenDigest,
        permit: Permit,
        now: OffsetDateTime,
    ) -> Result<(), StoreError>;

    /// Removes a bucket. Returns `true` if there was one.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store is unreachable or accepts no changes.
    async fn reset(&self, bucket: TokenDigest) -> Result<bool, StoreError>;

    /// Records that an account was used from a client. The record is valid until the timestamp `until`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store is unreachable or accepts no changes.
    async fn remember(
        &self,
        account: TokenDigest,
        client: TokenDigest,
        until: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<(), StoreError>;

    /// Returns `true` if an account was used from that client, and if that use is still remembered at `now`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store is unreachable.
    async fn knows(
        &self,
        account: TokenDigest,
        client: TokenDigest,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError>;

    /// Removes the clients from which an account was used. Returns `true` if there were any.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store is unreachable or accepts no changes.
    async fn forget(&self, account: TokenDigest) -> Result<bool, StoreError>;

    /// Enters the buckets of a wrong attempt into their lists. An attempt that is not reported counts all the same: its
    /// buckets are listed when it begins a lock, or with the next wrong attempt. The default does nothing, for throttles
    /// that list every charged bucket.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store is unreachable or accepts no changes.
    async fn record_wrong(
        &self,
        _charged: &[(Bucket, Permit)],
        _now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        Ok(())
    }

    /// Returns the buckets of these keys that are not full.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store is unreachable.
    async fn find(
        &self,
        keys: &[TokenDigest],
        now: OffsetDateTime,
    ) -> Result<Vec<ThrottledBucket>, StoreError>;

    /// Returns a page of the buckets in lists, at a cost that depends on the page and not on the number of buckets.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store is unreachable.
    async fn list(
        &self,
        query: &BucketQuery,
        now: OffsetDateTime,
    ) -> Result<BucketPage, StoreError>;

    /// Removes buckets, also from their lists, and returns how many there were.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store is unreachable or accepts no changes. Some buckets may have been removed.
    async fn remove(&self, buckets: &[Bucket]) -> Result<u64, StoreError>;

    /// Removes all buckets, including those that are in no list, and returns how many of them were not full. May read
    /// everything in the store.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store is unreachable or accepts no changes. Some buckets may have been removed.
    async fn clear(&self, now: OffsetDateTime) -> Result<u64, StoreError>;

    /// Tries what logins do without leaving data, and returns a finding for everything that is refused. The
    /// default tries nothing and returns no findings.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be queried.
    async fn health(&self, _now: OffsetDateTime) -> Result<Vec<Finding>, StoreError> {
        Ok(Vec::new())
    }
}

/// A bucket that is not full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThrottledBucket {
    /// The bucket.
    pub bucket: Bucket,
    /// The number of locks since the bucket was last full.
    pub locks: u32,
    /// When the lock ends. `None` if the bucket is not locked.
    pub locked_until: Option<OffsetDateTime>,
    /// When the bucket is full again without further attempts.
    pub full_at: OffsetDateTime,
}
