//! What a directory keeps of application passwords.

use std::fmt;

use async_trait::async_trait;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::KeyDigest;
use crate::error::StoreError;
use crate::token_digest::HANDLE;

/// Application passwords, each for one realm.
#[async_trait]
pub trait AppPasswords: Send + Sync + 'static {
    /// The user's one of that realm and digest.
    async fn app_password(
        &self,
        user: Uuid,
        realm: &str,
        digest: KeyDigest,
    ) -> Result<Option<KnownAppPassword>, StoreError>;

    /// All of a user's, the oldest first.
    async fn app_passwords(&self, user: Uuid) -> Result<Vec<KnownAppPassword>, StoreError>;

    /// Adds one.
    async fn add_app_password(
        &self,
        user: Uuid,
        password: &KnownAppPassword,
    ) -> Result<(), StoreError>;

    /// Removes one and ends the user's tokens, as nobody knows which of them were made with it.
    /// Answers whether there was one.
    async fn remove_app_password(&self, user: Uuid, digest: KeyDigest) -> Result<bool, StoreError>;

    /// Notes the day of its last use.
    async fn note_app_password(
        &self,
        user: Uuid,
        digest: KeyDigest,
        day: Date,
    ) -> Result<(), StoreError>;
}

/// An application password, as far as it is known once it was shown.
#[derive(Clone, PartialEq, Eq)]
pub struct KnownAppPassword {
    /// What it is known by.
    pub digest: KeyDigest,
    /// The realm it opens.
    pub realm: String,
    /// What it is for, in the operator's words; may be empty.
    pub label: String,
    /// When it was made, to the second.
    pub made_at: OffsetDateTime,
    /// The day of its last use, by UTC.
    pub used_on: Option<Date>,
}

impl KnownAppPassword {
    /// Names it among those of its user, and opens nothing: eight letters and digits.
    pub fn id(&self) -> String {
        HANDLE.encode(&self.digest.as_bytes()[..5])
    }
}

impl fmt::Debug for KnownAppPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KnownAppPassword({}, …)", self.realm)
    }
}
