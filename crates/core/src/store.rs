//! Token stores: one trait with an embedded and a Redis backend, which pass one test suite.

mod health;
mod record;
mod session_limits;
mod stored;
pub(crate) mod unreadable;

use std::ops::ControlFlow;
use std::sync::Arc;

use async_trait::async_trait;
use time::OffsetDateTime;
use uuid::Uuid;

pub use self::health::{Finding, Level, ServerHealth, StoreHealth};
pub use self::record::{Idle, Record, Redemption, Slot};
pub use self::session_limits::{Excess, SessionLimits};
pub use self::stored::{StoredToken, TokenReader, TokenWriter, all_digests, export};
use crate::clock::Clock;
use crate::error::StoreError;
use crate::near_cache::NearCacheStatus;
use crate::pool_status::PoolStatus;
use crate::token_digest::TokenDigest;

/// The callback to which [`TokenStore::scan`] passes records.
pub type Visitor<'v> = dyn FnMut(TokenDigest, Record) -> ControlFlow<()> + Send + 'v;

/// A store of records by token digest, with a list of the records of each user. An administrator's list also
/// holds the tokens with which the administrator acts as another user; they do not count against the limits.
///
/// The caller's clock decides about expiry: a backend may still return a record that has expired, and removes it
/// later.
///
/// A record that cannot be decoded does not block others: lists, scans and backups omit it, and whatever ends
/// its token removes it.
#[async_trait]
pub trait TokenStore: Send + Sync + 'static {
    /// Stores a record, adds it to the list of its user, and ends the tokens that it replaces: the one that held
    /// its exclusive slot before, and the least recently used ones beyond the [`SessionLimits`] and beyond the
    /// maximum that the record sets for its own kind. Returns those of them that this call has ended. Concurrent
    /// calls for one user run one after the other: no two tokens end each other.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store is unreachable or accepts no changes.
    async fn put(
        &self,
        digest: TokenDigest,
        record: &Record,
        now: OffsetDateTime,
    ) -> Result<Vec<TokenDigest>, StoreError>;

    /// Returns the record of a token. `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store is unreachable, or if the record cannot be decoded: a later release may have
    /// written it.
    async fn get(&self, digest: TokenDigest) -> Result<Option<Arc<Record>>, StoreError>;

    /// Returns the token that holds a slot. `None` if the slot is free. The token may have expired.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store is unreachable.
    async fn slot_holder(&self, slot: TokenDigest) -> Result<Option<TokenDigest>, StoreError>;

    /// Replaces the record `before` by `after`, if `before` is still stored. Returns `true` if it was replaced:
    /// of several concurrent callers, one succeeds. The user stays the same. A spent record is not listed under
    /// its user. If nothing is spent and a response of the server is lost, a store may return `false` although
    /// the record was replaced: read it again.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store is unreachable or accepts no changes, or if too few of its replicas confirm
    /// the change.
    async fn replace(
        &self,
        digest: TokenDigest,
        before: &Record,
        after: &Record,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError>;

    /// Stores a token of a backup as it was: it ends no other token, a spent one is not listed under its user,
    /// and it takes its slot only if it held that. An expired token is omitted.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store is unreachable or accepts no changes.
    async fn restore(&self, token: &StoredToken, now: OffsetDateTime) -> Result<(), StoreError>;

    /// Removes the record of a token and returns it. Of several concurrent callers, one gets it. `None` if there
    /// is no record, or if the removed record cannot be decoded.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store is unreachable or accepts no changes, or if too few of its replicas confirm
    /// the removal.
    async fn remove(&self, digest: TokenDigest) -> Result<Option<Record>, StoreError>;

    /// Returns the records of a user, and those with which the user acts for another, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store is unreachable.
    async fn list_by_user(&self, user: Uuid) -> Result<Vec<(TokenDigest, Record)>, StoreError>;

    /// Passes all records to `visit`, including expired ones, in no order, until it breaks. A record may be
    /// passed twice, and records that are added or removed concurrently may be passed or not.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store is unreachable. Some records may have been passed by then.
    async fn scan(&self, visit: &mut Visitor<'_>) -> Result<(), StoreError>;

    /// Removes all records of a user, and those with which the user acts for another. Returns how many there
    /// were.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store is unreachable or accepts no changes.
    async fn remove_user(&self, user: Uuid) -> Result<u64, StoreError>;

    /// Removes expired records and returns how many there were. Backends whose server removes them return 0.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store is unreachable or accepts no changes.
    async fn sweep(&self, now: OffsetDateTime) -> Result<u64, StoreError>;

    /// Checks whether the store is reachable.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store is unreachable.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Checks whether the store is fit to hold tokens: examines its servers, and tries what logins do without
    /// leaving data. Returns the servers, and what is wrong with them.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be queried.
    async fn health(&self, clock: &dyn Clock) -> Result<StoreHealth, StoreError>;

    /// Closes the store after operations that have begun; nothing can be read or written from then on. Without
    /// this call, a file may need a repair when it is opened next.
    async fn close(&self);

    /// Returns the status of the connections to the server. `None` if callers share none.
    fn connections(&self) -> Option<PoolStatus> {
        None
    }

    /// Returns the record if this process has it without a request to the server. `None` means that
    /// [`get`](Self::get) must be called.
    fn get_cached(&self, _digest: TokenDigest) -> Option<Arc<Record>> {
        None
    }

    /// Returns the status of the near cache. `None` if there is none.
    fn cache_status(&self) -> Option<NearCacheStatus> {
        None
    }
}
