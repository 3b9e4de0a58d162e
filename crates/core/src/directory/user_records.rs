//! What administrators see of users in addition to what dialects show.

use std::ops::Deref;

use async_trait::async_trait;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{AuthorityLink, FoundUsers, UserSearch};
use crate::error::StoreError;
use crate::user::{User, UserState};

/// The records of users that only administrators see.
#[async_trait]
pub trait UserRecords: Send + Sync + 'static {
    /// Records that a user logged in. Writes only if the stored time is missing or at least a day older than `at`, so
    /// most calls only read. Succeeds without effect if there is no such user. Fails if the directory is unavailable.
    async fn record_login(&self, user: Uuid, at: OffsetDateTime) -> Result<(), StoreError>;

    /// Returns the record of the user with this identifier; `None` if there is none. Fails if the directory is
    /// unavailable.
    async fn user_record(&self, user: Uuid) -> Result<Option<UserRecord>, StoreError>;

    /// Returns the users who match a search by the beginning of a name, ordered by what matches. Reads no more users
    /// than it finds, unless the filter leaves many of them out. Fails if the directory is unavailable.
    async fn find_users(&self, search: &UserSearch) -> Result<FoundUsers, StoreError>;

    /// Returns how many users there are, by authority and state; local users first. Fails if the directory is
    /// unavailable.
    async fn user_groups(&self) -> Result<Vec<UserGroup>, StoreError>;
}

/// A user, as administrators see the user. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRecord {
    /// The user.
    pub user: User,
    /// The authority to which the user belongs. `None` for a user who was never of one.
    pub link: Option<AuthorityLink>,
    /// The kind of password that is stored here.
    pub password: PasswordKind,
    /// When the user last logged in, at most a day too early. `None` if no login was recorded.
    pub last_login_at: Option<OffsetDateTime>,
}

impl Deref for UserRecord {
    type Target = User;

    fn deref(&self) -> &User {
        &self.user
    }
}

/// The kind of password that is stored for a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordKind {
    /// There is none.
    None,
    /// A hash as this program makes them, at whatever cost.
    Current,
    /// A hash of another system. The first login with the password replaces it.
    Foreign,
}

impl PasswordKind {
    /// How a hash begins that this program makes or would make, in four characters: bcrypt.
    pub const CURRENT: [&str; 3] = ["$2a$", "$2b$", "$2y$"];

    /// Returns the kind of a stored hash; `None` means no password.
    pub fn of(hash: Option<&str>) -> Self {
        match hash {
            None => Self::None,
            Some(hash) if Self::CURRENT.iter().any(|start| hash.starts_with(start)) => {
                Self::Current
            }
            Some(_) => Self::Foreign,
        }
    }

    /// Returns the name of the kind: `none`, `current` or `foreign`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Current => "current",
            Self::Foreign => "foreign",
        }
    }
}

/// The number of users of one authority in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserGroup {
    /// The authority; `None` for users who were never of one.
    pub authority: Option<String>,
    /// Whether the users were adopted from the authority.
    pub is_adopted: bool,
    /// The state of the users.
    pub state: UserState,
    /// The number of users.
    pub users: u64,
    /// How many of them have no password here.
    pub without_password: u64,
    /// How many of them have a hash of another system.
    pub with_foreign_hash: u64,
    /// For how many of them no login was recorded.
    pub never_logged_in: u64,
}
