//! Where tokens live: one trait, an embedded and a Redis backend, one suite that both pass.

mod caps;
mod health;
mod record;
mod stored;
pub(crate) mod unreadable;

use std::ops::ControlFlow;
use std::sync::Arc;

use async_trait::async_trait;
use time::OffsetDateTime;
use uuid::Uuid;

pub use self::caps::{Caps, Surplus};
pub use self::health::{Finding, Level, ServerHealth, StoreHealth};
pub use self::record::{Idle, Record, Slot, Spent};
pub use self::stored::{StoredToken, TokenReader, TokenWriter, all_digests, export};
use crate::clock::Clock;
use crate::connections::Connections;
use crate::error::StoreError;
use crate::near::NearStatus;
use crate::token_digest::TokenDigest;

/// What [`TokenStore::each`] shows records to.
pub type Visit<'v> = dyn FnMut(TokenDigest, Record) -> ControlFlow<()> + Send + 'v;

/// Keeps records by token digest, and for each user the list of them. An administrator's list also holds
/// the tokens in which the administrator acts as another user; they do not count against the caps.
///
/// Expiry is judged by the caller's clock: a backend may still answer a record that has expired,
/// and removes it in its own time.
///
/// A record that cannot be read holds up no other: lists, scans and backups leave it out, and whatever ends its
/// token removes it.
#[async_trait]
pub trait TokenStore: Send + Sync + 'static {
    /// Stores a record, lists it under its user, and ends what it replaces: the token that held
    /// its exclusive slot before, and the least recently used ones beyond the caps and beyond the most that
    /// the record says of its own kind; of these it returns those that it has ended itself. Of several
    /// tokens of one user at once, each comes after the other: no two end each other.
    async fn put(
        &self,
        digest: TokenDigest,
        record: &Record,
        now: OffsetDateTime,
    ) -> Result<Vec<TokenDigest>, StoreError>;

    /// The record, if there is one. Fails if it cannot be read: it may be one of a later release.
    async fn get(&self, digest: TokenDigest) -> Result<Option<Arc<Record>>, StoreError>;

    /// The token that holds a slot, if one does. It may have expired.
    async fn holder(&self, slot: TokenDigest) -> Result<Option<TokenDigest>, StoreError>;

    /// Puts one record in the place of another, if that is still what is there, and answers
    /// whether it was: of several callers at once, one succeeds. The user stays the same. A spent
    /// record is not listed under its user. If nothing is spent and a server's answer got lost, a store
    /// may say no although it was done: look again.
    async fn replace(
        &self,
        digest: TokenDigest,
        before: &Record,
        after: &Record,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError>;

    /// Stores a token of a backup as it was: nothing ends for it, a spent one is not listed under its user,
    /// and its slot is taken only if it held that. One that has expired is left out.
    async fn restore(&self, token: &StoredToken, now: OffsetDateTime) -> Result<(), StoreError>;

    /// Removes the record and answers it. Of several callers at once, one gets it.
    async fn take(&self, digest: TokenDigest) -> Result<Option<Record>, StoreError>;

    /// The records of a user, and those in which the user acts for another, oldest first.
    async fn of_user(&self, user: Uuid) -> Result<Vec<(TokenDigest, Record)>, StoreError>;

    /// Shows all records, those that have expired included, in no order, until told to stop. One may
    /// be shown twice, and what comes or goes meanwhile may be shown or not.
    async fn each(&self, visit: &mut Visit<'_>) -> Result<(), StoreError>;

    /// Removes all records of a user, and those in which the user acts for another, and answers how many
    /// there were.
    async fn remove_user(&self, user: Uuid) -> Result<u64, StoreError>;

    /// Removes what has expired, and answers how many records that were. Backends whose server
    /// does so by itself answer 0.
    async fn sweep(&self, now: OffsetDateTime) -> Result<u64, StoreError>;

    /// Whether the store can be asked.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Looks at what lies behind the store, and tries what logins do, without a trace: whether it is fit
    /// to hold tokens. Fails if it cannot be queried.
    async fn health(&self, clock: &dyn Clock) -> Result<StoreHealth, StoreError>;

    /// Closes the store once what was begun is done; nothing can be read or written from then on. Without
    /// it, a file may need to be repaired when it is opened next.
    async fn close(&self);

    /// The connections to its server, if it has some that callers share.
    fn connections(&self) -> Option<Connections> {
        None
    }

    /// The record, if this process has it without asking the server. [`get`](Self::get) has to be asked
    /// otherwise.
    fn kept(&self, _digest: TokenDigest) -> Option<Arc<Record>> {
        None
    }

    /// What of its server's is kept in this process, if anything is.
    fn near(&self) -> Option<NearStatus> {
        None
    }
}
