//! Who may log in: the trait every directory backend fulfils, and the directory file.

mod app_passwords;
mod backup;
pub(crate) mod database;
pub(crate) mod desk;
mod digest;
pub(crate) mod digest_keys;
mod enrolments;
pub(crate) mod erasure;
pub mod file;
mod keys;
pub(crate) mod looks;
pub(crate) mod merge;
pub(crate) mod origin;
pub(crate) mod outstanding;
pub(crate) mod present;
pub(crate) mod rules;
mod snapshot;
pub(crate) mod user_change;
pub(crate) mod user_filter;
mod wanted;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;
use serde::Serialize;
use thiserror::Error;
use uuid::Uuid;

pub use self::app_passwords::{AppPasswords, KnownAppPassword};
pub use self::backup::{BackedUp, TABLES};
pub use self::desk::{
    Change, ChangeError, Changed, InvalidChange, OrganisationEdit, Patch, UserEdit,
};
pub use self::digest::{DigestKeyId, KeyDigest, UnreadableDigest};
pub use self::digest_keys::{DigestKey, DigestKeys, DigestRing, SealedKey};
pub use self::enrolments::{Enrolment, Enrolments, NewEnrolment};
pub use self::erasure::Erased;
pub use self::keys::Keys;
pub use self::looks::LookAlikes;
#[cfg(fuzzing)]
pub(crate) use self::merge::directory_of;
pub use self::origin::{Attribute, Attributes, Part, Value};
pub use self::outstanding::{MigrationError, Obstacle, Outstanding, Step};
pub use self::present::Present;
pub use self::rules::{is_invisible, tidy_label};
pub use self::snapshot::{
    AppPasswordEntry, CardEntry, KeyEntry, OrganisationEntry, RecoveryCodeEntry, RevokedEntry,
    RevokedKeyEntry, Snapshot, UnitEntry, UserEntry,
};
pub use self::user_filter::UserFilter;
pub use self::wanted::{Precedence, SetHere, Wanted};
use crate::audit::AuditTable;
use crate::error::StoreError;
use crate::near_cache::NearCacheStatus;
use crate::pool_status::PoolStatus;
use crate::store::Finding;
use crate::totp::TotpSecret;
use crate::usage::UsageTable;
use crate::user::{Key, Unit, User, UserState};

/// Users, organisations and keys, wherever they are kept; beside them the audit log and
/// what is counted of their use, if it is to be.
#[async_trait]
pub trait Directory:
    Enrolments + AppPasswords + Keys + DigestRing + AuditTable + UsageTable
{
    /// The account that logs in by that name: a user name or an e-mail address, in any case.
    async fn account(&self, login: &str) -> Result<Option<Account>, StoreError>;

    /// The user of that identifier.
    async fn user(&self, id: Uuid) -> Result<Option<Arc<User>>, StoreError>;

    /// The same, if it is kept in this process and still holds. [`user`](Self::user) has to be asked
    /// otherwise.
    fn user_cached(&self, _id: Uuid) -> Option<Arc<User>> {
        None
    }

    /// The units that the user may log in to, the default one first.
    async fn units(&self, user: &User) -> Result<Vec<Unit>, StoreError>;

    /// Returns the users that the filter lets through and whose number is greater than `after`, by number,
    /// at most `limit` of them.
    async fn users(
        &self,
        filter: &UserFilter,
        after: i64,
        limit: u32,
    ) -> Result<Vec<User>, StoreError>;

    /// The organisations whose names come after `after`, by name, at most `limit` of them.
    async fn organisations(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<OrganisationEntry>, StoreError>;

    /// One organisation.
    async fn organisation(
        &self,
        name: OrganisationRef<'_>,
    ) -> Result<Option<OrganisationEntry>, StoreError>;

    /// The effective access card of that code or identifier, with its user.
    async fn card(&self, name: CardRef<'_>) -> Result<Option<Card>, StoreError>;

    /// The application key of a realm, by the plain digest of its text.
    async fn key(&self, realm: &str, digest: KeyDigest) -> Result<Option<Key>, StoreError>;

    /// Sets a password hash, and ends the user's tokens.
    async fn set_password(&self, user: Uuid, hash: &str) -> Result<(), StoreError>;

    /// Replaces a password's hash by another of the same password, if it still is `old`, and tells
    /// whether it was. The user's tokens stay alive.
    async fn replace_hash(&self, user: Uuid, old: &str, new: &str) -> Result<bool, StoreError>;

    /// Enables or disables a user. Disabling ends the user's tokens.
    async fn set_state(&self, user: Uuid, state: UserState) -> Result<(), StoreError>;

    /// Makes a single change, or tells why not.
    async fn change(&self, change: Change) -> Result<Changed, ChangeError>;

    /// Returns why [`change`](Self::change) would not make the change now, and makes nothing of it.
    async fn check(&self, change: Change) -> Result<(), ChangeError>;

    /// Removes a user with everything that belongs to the user, puts a pseudonym in the user's place in the
    /// audit log, and remembers by keyed digests that no import brings the user back. All of it or nothing.
    async fn erase(&self, user: Uuid) -> Result<Erased, ChangeError>;

    /// Adds what is new and changes what differs, in one transaction, in which the file is judged against
    /// what is there then. What an entry leaves unsaid stays as it is, and so does what was set here
    /// since an import, as the file's precedence says. Nothing is removed but units, cards and application
    /// passwords that a user of the file no longer has, and keys that it names as revoked. Entries that
    /// the file does not name are not even read.
    async fn apply(&self, wanted: &Wanted) -> Result<Applied, Unapplied>;

    /// Returns what is there of that which a file names.
    async fn present(&self, wanted: &Wanted) -> Result<Present, StoreError>;

    /// All there is.
    async fn snapshot(&self) -> Result<Snapshot, StoreError>;

    /// Whether a directory file of that fingerprint was the last one that was applied.
    async fn was_imported(&self, fingerprint: &[u8; 32]) -> Result<bool, StoreError>;

    /// Notes that a directory file of that fingerprint was the last one that was applied.
    async fn note_import(&self, fingerprint: &[u8; 32]) -> Result<(), StoreError>;

    /// Returns the names that people take for one another: an earlier release let them in.
    async fn look_alikes(&self) -> Result<Vec<LookAlikes>, StoreError>;

    /// Tries what logins and changes do, without a trace, and returns what is refused: reading what logins
    /// and token checks read is refused, writing is a warning. Fails if the directory cannot be queried.
    async fn health(&self) -> Result<Vec<Finding>, StoreError>;

    /// Whether the directory can be asked.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Writes all tables, as they are at one moment, to new files in that folder, which only their owner
    /// may read.
    async fn back_up(&self, folder: &Path) -> Result<BackedUp, StoreError>;

    /// Puts what [`back_up`](Self::back_up) wrote in the place of all that is there, in one transaction. The
    /// files are those of the same database and of the same tables.
    async fn restore(&self, folder: &Path) -> Result<(), StoreError>;

    /// Closes the directory once what was begun is done; nothing can be read or written from then on.
    /// Without it, the latest changes of a SQLite file stay in another file beside it.
    async fn close(&self);

    /// The connections to its server, if it has some that callers share.
    fn connections(&self) -> Option<PoolStatus> {
        None
    }

    /// What of it is kept in this process, if anything is.
    fn cache_status(&self) -> Option<NearCacheStatus> {
        None
    }
}

/// A user with the secrets that a login is checked against.
#[derive(Debug, Clone)]
pub struct Account {
    /// The user.
    pub user: User,
    /// The hash, of whatever format it was brought in.
    pub password_hash: SecretString,
    /// The second factor, if it is on.
    pub totp: Option<TotpSecret>,
}

/// What an access card is found by.
#[derive(Debug, Clone, Copy)]
pub enum CardRef<'a> {
    /// The plain digest of its code, which is all that is needed.
    Code(KeyDigest),
    /// Its identifier, to be followed by a pass code.
    Identifier(&'a str),
}

/// What an organisation is found by.
#[derive(Debug, Clone, Copy)]
pub enum OrganisationRef<'a> {
    /// Its name, to the letter.
    Name(&'a str),
    /// Its identifier.
    Id(Uuid),
}

/// An access card: a credential of a user other than the password.
#[derive(Debug, Clone)]
pub struct Card {
    /// Who logs in by it.
    pub user: User,
    /// The hash of the pass code, for cards that have one.
    pub pass_code_hash: Option<SecretString>,
}

/// What [`Directory::apply`] did, in users, organisations, units and keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// New entries.
    pub created: u64,
    /// Entries that differed.
    pub updated: u64,
    /// Entries that were as they should be.
    pub unchanged: u64,
    /// What stayed as it was set here.
    pub kept: Vec<Kept>,
    /// Users who were erased, and keys that acted as them: entries that were left out, like `user ada`.
    pub erased: Vec<String>,
}

/// Something for which an import had another value, and which stayed as it was set here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Whose, like `user ada`.
    pub entry: String,
    /// What: `password`, `state`, `second factor`, `application password`, `pass code`, `revocation`, or
    /// an attribute's name.
    pub what: &'static str,
}

/// Why a file was not applied. Nothing of it was.
#[derive(Debug, Error)]
pub enum Unapplied {
    /// An entry makes no sense beside what is there.
    #[error("{entry}: {reason}")]
    Entry {
        /// Which one.
        entry: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The directory cannot be asked.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}
