//! The directory: the trait of its backends, its data types, and the directory file.

mod app_passwords;
mod applied;
mod authority_links;
mod backup;
pub(crate) mod change;
pub(crate) mod database;
mod digest;
pub(crate) mod digest_keys;
mod enrolments;
mod entry_change;
pub(crate) mod erasure;
pub mod file;
mod keys;
pub(crate) mod looks;
pub(crate) mod merge;
pub(crate) mod origin;
pub(crate) mod outstanding;
pub(crate) mod present;
pub(crate) mod rules;
mod signing_keys;
mod snapshot;
pub mod synchronisation;
mod synchronisations;
pub(crate) mod user_change;
pub(crate) mod user_filter;
mod user_records;
pub(crate) mod user_search;
mod wanted;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;
use time::OffsetDateTime;
use uuid::Uuid;

pub use self::app_passwords::{AppPasswords, KnownAppPassword};
pub use self::applied::{Applied, EntryFault, EntryFaults, ImportError, Kept};
pub use self::authority_links::{Acceptance, AcceptedPassword, AuthorityLink, AuthorityLinks};
pub use self::backup::{BackedUp, NOT_BACKED_UP, TABLES};
pub use self::change::{
    Change, ChangeError, Changed, InvalidChange, OrganisationEdit, Patch, UserEdit,
};
pub use self::digest::{DigestKeyId, KeyDigest, UnreadableDigest};
pub use self::digest_keys::{DigestKey, DigestKeys, DigestRing, SealedKey};
pub use self::enrolments::{Enrolment, Enrolments, NewEnrolment};
pub use self::entry_change::{ChangeKind, ChangedMember, EntryChange};
pub use self::erasure::Erased;
pub use self::keys::{KeyCursor, Keys};
pub use self::looks::LookAlikes;
#[cfg(fuzzing)]
pub(crate) use self::merge::directory_of;
pub use self::origin::{Attribute, Attributes, Part, Value};
pub use self::outstanding::{MigrationError, Obstacle, Outstanding, Step};
pub use self::present::Present;
pub use self::rules::{is_invisible, tidy_label};
pub use self::signing_keys::{SealedSigningKey, SigningKeys};
pub use self::snapshot::{
    AppPasswordEntry, CardEntry, KeyEntry, OrganisationEntry, RecoveryCodeEntry, RevokedEntry,
    RevokedKeyEntry, Snapshot, UnitEntry, UserEntry,
};
pub use self::synchronisations::{SyncRecord, SyncTurn, Synchronisations};
pub use self::user_filter::UserFilter;
pub use self::user_records::{PasswordKind, UserGroup, UserRecord, UserRecords};
pub use self::user_search::{FoundUsers, SearchCursor, SearchRanges, TermRange, UserSearch};
pub use self::wanted::{Precedence, SetHere, Wanted};
use crate::audit::AuditTable;
use crate::error::StoreError;
use crate::near_cache::NearCacheStatus;
use crate::pool_status::PoolStatus;
use crate::refusals::RefusalTable;
use crate::store::Finding;
use crate::totp::TotpSecret;
use crate::usage::UsageTable;
use crate::user::{Key, Unit, User, UserState};

/// The users, organisations and keys, independent of the database that stores them. The same database also stores
/// the keys that sign JWTs, and the audit log and usage counts if these are enabled.
#[async_trait]
pub trait Directory:
    Enrolments
    + AppPasswords
    + AuthorityLinks
    + UserRecords
    + Keys
    + DigestRing
    + SigningKeys
    + Synchronisations
    + AuditTable
    + RefusalTable
    + UsageTable
{
    /// Returns the account that logs in with this name: a user name or an e-mail address, in upper or lower case.
    /// `None` if there is none. Fails if the directory is unavailable.
    async fn account(&self, login: &str) -> Result<Option<Account>, StoreError>;

    /// Returns the user with this identifier; `None` if there is none. May come from the near cache of this
    /// process. Fails if the directory is unavailable.
    async fn user(&self, id: Uuid) -> Result<Option<Arc<User>>, StoreError>;

    /// Returns the user from the near cache of this process. `None` if the cache has no valid entry, which does
    /// not mean that there is no such user: call [`user`](Self::user) then.
    fn user_cached(&self, _id: Uuid) -> Option<Arc<User>> {
        None
    }

    /// Returns the units that the user may log in to, the default unit first. Fails if the directory is
    /// unavailable.
    async fn units(&self, user: &User) -> Result<Vec<Unit>, StoreError>;

    /// Returns the users who match the filter and whose number is greater than `after`, ordered by number, at most
    /// `limit` of them. Fails if the directory is unavailable.
    async fn users(
        &self,
        filter: &UserFilter,
        after: i64,
        limit: u32,
    ) -> Result<Vec<UserRecord>, StoreError>;

    /// Returns the organisations whose names sort after `after`, ordered by name, at most `limit` of them. Fails
    /// if the directory is unavailable.
    async fn organisations(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<OrganisationEntry>, StoreError>;

    /// Returns the organisation with this name or identifier; `None` if there is none. Fails if the directory is
    /// unavailable.
    async fn organisation(
        &self,
        name: OrganisationRef<'_>,
    ) -> Result<Option<OrganisationEntry>, StoreError>;

    /// Returns the access card with this code or identifier, and its user; `None` if there is none, or if it is
    /// not effective. Fails if the directory is unavailable, and for an unknown code also if a digest key cannot
    /// be opened: the card may be stored under that key.
    async fn card(&self, name: CardRef<'_>) -> Result<Option<Card>, StoreError>;

    /// Returns the application key of a realm, looked up by the plain digest of its text; `None` if there is none.
    /// Fails if the directory is unavailable, and for an unknown key also if a digest key cannot be opened: the
    /// key may be stored under that one.
    async fn key(&self, realm: &str, digest: KeyDigest) -> Result<Option<Key>, StoreError>;

    /// Sets a user's password hash and ends the user's tokens. No authority has accepted this password yet. Succeeds
    /// without effect if there is no such user. Fails if the directory is unavailable.
    async fn set_password(&self, user: Uuid, hash: &str) -> Result<(), StoreError>;

    /// Replaces the hash `old` of a user's password with `new`, another hash of the same password. Returns false,
    /// and changes nothing, if the stored hash is no longer `old`. The user's tokens stay valid. Fails if the
    /// directory is unavailable.
    async fn replace_hash(&self, user: Uuid, old: &str, new: &str) -> Result<bool, StoreError>;

    /// Enables or disables a user. Disabling ends the user's tokens. Succeeds without effect if there is no such
    /// user. Fails if the directory is unavailable.
    async fn set_state(&self, user: Uuid, state: UserState) -> Result<(), StoreError>;

    /// Makes a single change and returns the changed entry as it is then. Fails, and changes nothing, if the
    /// change is invalid or the directory is unavailable.
    async fn change(&self, change: Change) -> Result<Changed, ChangeError>;

    /// Checks a change without making it. Fails with the error that [`change`](Self::change) would return now.
    async fn check(&self, change: Change) -> Result<(), ChangeError>;

    /// Removes a user and everything that belongs to the user, and returns what was removed. Replaces the user in
    /// the audit log with a pseudonym, and stores keyed digests by which later imports recognise and skip the
    /// user. One transaction: it fails, and changes nothing, if there is no such user, if no digest key is open,
    /// or if the directory is unavailable.
    async fn erase(&self, user: Uuid) -> Result<Erased, ChangeError>;

    /// Adds the entries of a file that are new, updates those that differ, and returns how many there were. All in
    /// one transaction, in which the file is compared with the current entries; fails, and changes nothing, if an
    /// entry is invalid or the directory is unavailable.
    ///
    /// What the file does not set stays as it is. For values that were set here since an import, the file's
    /// [`Precedence`] decides. Nothing is removed except units, cards and application passwords that a user in the
    /// file no longer has, and keys that the file lists as revoked. Entries that the file does not name are not
    /// even read.
    async fn apply(&self, wanted: &Wanted) -> Result<Applied, ImportError>;

    /// Returns the stored entries that a file names, and those that may conflict with them. Fails if the directory
    /// is unavailable.
    async fn present(&self, wanted: &Wanted) -> Result<Present, StoreError>;

    /// Returns the whole directory. Fails if the directory is unavailable.
    async fn snapshot(&self) -> Result<Snapshot, StoreError>;

    /// Returns whether the directory file that was applied last has this fingerprint. Fails if the directory is
    /// unavailable.
    async fn was_imported(&self, fingerprint: &[u8; 32]) -> Result<bool, StoreError>;

    /// Records the fingerprint of the directory file that was applied last. Fails if the directory is unavailable.
    async fn record_import(&self, fingerprint: &[u8; 32]) -> Result<(), StoreError>;

    /// Returns the stored names that people can mistake for one another. Earlier releases accepted such names.
    /// Fails if the directory is unavailable.
    async fn look_alikes(&self) -> Result<Vec<LookAlikes>, StoreError>;

    /// Tries the queries of logins and changes without leaving a trace, and returns those that the database
    /// refuses: an error if it refuses to read what logins and token checks need, a warning if it refuses to
    /// write. Fails if the directory cannot be queried.
    async fn health(&self) -> Result<Vec<Finding>, StoreError>;

    /// Runs a trivial query. Fails if the directory is unavailable.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Writes all [`TABLES`], in one consistent state, to new files in `folder` that only their owner may read.
    /// Returns the version of the tables and their numbers of rows. Fails if a file cannot be written or the
    /// directory is unavailable.
    async fn back_up(&self, folder: &Path) -> Result<BackedUp, StoreError>;

    /// Replaces all stored entries with those that [`back_up`](Self::back_up) wrote to `folder`, in one
    /// transaction. The files must come from the same kind of database, with the same tables. Fails, and changes
    /// nothing, if they cannot be read or the directory is unavailable.
    async fn restore(&self, folder: &Path) -> Result<(), StoreError>;

    /// Closes the directory once running queries are done; it cannot be used afterwards. If a SQLite directory is
    /// not closed, its latest changes stay in a separate file next to the database file.
    async fn close(&self);

    /// Returns the status of the connection pool; `None` if the directory has none that callers share.
    fn connections(&self) -> Option<PoolStatus> {
        None
    }

    /// Returns the status of the near cache of this process; `None` if there is none.
    fn cache_status(&self) -> Option<NearCacheStatus> {
        None
    }
}

/// A user with the secrets that a login is verified against.
#[derive(Debug, Clone)]
pub struct Account {
    /// The user.
    pub user: User,
    /// The password hash, in the format in which it was imported or set. `None` if the user has no password here.
    pub password_hash: Option<SecretString>,
    /// The secret of the second factor; `None` if it is off.
    pub totp: Option<TotpSecret>,
    /// The authority to which the user belongs. `None` for a user who was never of one.
    pub link: Option<AuthorityLink>,
    /// When the authority last accepted the password of `password_hash`. `None` if it never did.
    pub accepted_at: Option<OffsetDateTime>,
    /// When the user last logged in, at most a day too early. `None` if no login was recorded.
    pub last_login_at: Option<OffsetDateTime>,
}

/// A reference to an access card.
#[derive(Debug, Clone, Copy)]
pub enum CardRef<'a> {
    /// By the plain digest of its code. The code alone is enough to log in.
    Code(KeyDigest),
    /// By its identifier. A login also needs the pass code.
    Identifier(&'a str),
}

/// A reference to an organisation.
#[derive(Debug, Clone, Copy)]
pub enum OrganisationRef<'a> {
    /// By its name. Upper and lower case differ.
    Name(&'a str),
    /// By its identifier.
    Id(Uuid),
}

/// An access card: a credential of a user other than the password.
#[derive(Debug, Clone)]
pub struct Card {
    /// The user who logs in with the card.
    pub user: User,
    /// The hash of the pass code; `None` if the card has none.
    pub pass_code_hash: Option<SecretString>,
}
