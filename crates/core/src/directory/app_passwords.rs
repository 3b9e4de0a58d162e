//! Application passwords in a directory.

use std::fmt;

use async_trait::async_trait;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::KeyDigest;
use crate::error::StoreError;
use crate::token_digest::HANDLE;

/// The application passwords of users, each for one realm.
#[async_trait]
pub trait AppPasswords: Send + Sync + 'static {
    /// Returns the user's application password with this realm and digest; `None` if there is none. Fails if the
    /// directory is unavailable.
    async fn app_password(
        &self,
        user: Uuid,
        realm: &str,
        digest: KeyDigest,
    ) -> Result<Option<KnownAppPassword>, StoreError>;

    /// Returns all application passwords of a user, the oldest first. Fails if the directory is unavailable.
    async fn app_passwords(&self, user: Uuid) -> Result<Vec<KnownAppPassword>, StoreError>;

    /// Adds an application password for a user. Fails if the directory is unavailable.
    async fn add_app_password(
        &self,
        user: Uuid,
        password: &KnownAppPassword,
    ) -> Result<(), StoreError>;

    /// Removes an application password and ends all of the user's tokens, because it is not known which of them
    /// were created with it. Returns false, and changes nothing, if there was none. Fails if the directory is
    /// unavailable.
    async fn remove_app_password(&self, user: Uuid, digest: KeyDigest) -> Result<bool, StoreError>;

    /// Records the day on which an application password was last used. Fails if the directory is unavailable.
    async fn record_app_password_use(
        &self,
        user: Uuid,
        digest: KeyDigest,
        day: Date,
    ) -> Result<(), StoreError>;
}

/// An application password without its text, which is shown only once.
#[derive(Clone, PartialEq, Eq)]
pub struct KnownAppPassword {
    /// The digest of its text.
    pub digest: KeyDigest,
    /// The realm that it is valid for.
    pub realm: String,
    /// A label that says what it is for; may be empty.
    pub label: String,
    /// When it was created, to the second.
    pub made_at: OffsetDateTime,
    /// The day of its last use, in UTC; `None` if it was never used.
    pub used_on: Option<Date>,
}

impl KnownAppPassword {
    /// Returns the identifier of the application password among those of its user: eight letters and digits. It is
    /// not a credential.
    pub fn id(&self) -> String {
        HANDLE.encode(&self.digest.as_bytes()[..5])
    }
}

impl fmt::Debug for KnownAppPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KnownAppPassword({}, …)", self.realm)
    }
}
