//! How often a password may be guessed: budgets that empty by wrong tries and refill with time.
//!
//! A bucket holds some free tries. When they are used up, each further one is followed by a lock,
//! twice as long as the one before. Nothing but a granted try makes a lock longer.

pub(crate) mod bucket;
mod guard;
mod guess;
mod keys;
mod limits;
mod memory;
mod origin;
mod turn;

use async_trait::async_trait;
use time::OffsetDateTime;

pub use self::bucket::{Bucket, Kind, Receipt, Taken};
pub use self::guard::Guard;
pub(crate) use self::guess::{Guess, Proof, user_account};
pub use self::limits::{Budget, Limits};
pub use self::memory::MemoryThrottle;
pub use self::origin::{Origin, Source, Wanted};
pub(crate) use self::turn::Turn;
use crate::error::StoreError;
use crate::store::Finding;
use crate::token_digest::TokenDigest;

/// How many addresses of an account are remembered at the most; beyond that, the one is forgotten
/// from which the last login is longest ago. Only logins with the right password add any, so a
/// stranger cannot push the user's own ones out.
pub const CLIENTS_PER_ACCOUNT: usize = 32;

/// Keeps buckets, and which clients (keyed digests of their addresses) an account has been used from.
#[async_trait]
pub trait Throttle: Send + Sync + 'static {
    /// Takes a try out of a bucket. Of several callers at once, only as many are granted one as
    /// there are; the last one of them locks the bucket.
    async fn take(
        &self,
        bucket: &Bucket,
        budget: &Budget,
        now: OffsetDateTime,
    ) -> Result<Taken, StoreError>;

    /// Puts a try back, and opens the lock that it began.
    async fn give_back(
        &self,
        bucket: TokenDigest,
        receipt: Receipt,
        now: OffsetDateTime,
    ) -> Result<(), StoreError>;

    /// Forgets a bucket, and answers whether there was one.
    async fn reset(&self, bucket: TokenDigest) -> Result<bool, StoreError>;

    /// Notes that an account was used from a client.
    async fn remember(
        &self,
        account: TokenDigest,
        client: TokenDigest,
        until: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<(), StoreError>;

    /// Whether an account was used from that client.
    async fn knows(
        &self,
        account: TokenDigest,
        client: TokenDigest,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError>;

    /// Forgets the clients that an account was used from, and answers whether there were any.
    async fn forget(&self, account: TokenDigest) -> Result<bool, StoreError>;

    /// All buckets that are not full, in no order.
    async fn list(&self, now: OffsetDateTime) -> Result<Vec<Strained>, StoreError>;

    /// Tries what logins do, without a trace, and returns what is refused. Fails if it cannot be queried.
    async fn health(&self, _now: OffsetDateTime) -> Result<Vec<Finding>, StoreError> {
        Ok(Vec::new())
    }
}

/// A bucket that is not full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strained {
    /// Which one.
    pub bucket: Bucket,
    /// How many locks there were since it was full the last time.
    pub locks: u32,
    /// Until when it is locked, if it is.
    pub locked_until: Option<OffsetDateTime>,
    /// When it is full again, if nobody tries.
    pub full_at: OffsetDateTime,
}
