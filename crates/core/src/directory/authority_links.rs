//! Users who belong to an authority, as a directory stores them.

use std::fmt;

use async_trait::async_trait;
use secrecy::SecretString;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Account;
use crate::error::StoreError;

/// The users of authorities.
#[async_trait]
pub trait AuthorityLinks: Send + Sync + 'static {
    /// Returns the account that is linked to this identifier at an authority, whether it was adopted or not; `None` if
    /// there is none. Fails if the directory is unavailable.
    async fn linked_account(
        &self,
        authority: &str,
        external_id: &str,
    ) -> Result<Option<Account>, StoreError>;

    /// Records that an authority accepted a password of a user, and links the user to the identifier there if the user
    /// has none yet. The user's tokens stay valid. Writes only if something changes. Returns false, and changes nothing,
    /// if the user does not belong to that authority (any longer), was adopted, or is linked to another identifier
    /// there, or if another user is linked to this identifier. Fails if the directory is unavailable.
    async fn record_acceptance(
        &self,
        user: Uuid,
        acceptance: &Acceptance,
    ) -> Result<bool, StoreError>;

    /// Removes the password hash of a user of an authority if it is still `hash`: the authority no longer accepts that
    /// password. Changes nothing if the user was adopted. The user's tokens stay valid. Fails if the directory is
    /// unavailable.
    async fn forget_hash(&self, user: Uuid, hash: &str) -> Result<(), StoreError>;

    /// Returns whether a user with this identifier at an authority, or with one of these login names, was erased here:
    /// a login must not create such a user again. Fails if the directory is unavailable, or if that cannot be decided
    /// because a digest key cannot be opened.
    async fn was_erased(
        &self,
        authority: &str,
        external_id: &str,
        logins: &[String],
    ) -> Result<bool, StoreError>;
}

/// The link between a user and an authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityLink {
    /// The name of the authority to which the user belongs.
    pub authority: String,
    /// The identifier of the user there. `None` if the user was imported without one and has not logged in yet.
    pub external_id: Option<String>,
    /// Whether the user was adopted: our own hash alone judges the password, for ever.
    pub is_adopted: bool,
}

impl Account {
    /// Returns the name of the authority that judges the password. `None` if our own hash does: for a user who was never
    /// of an authority, or was adopted.
    pub fn judging_authority(&self) -> Option<&str> {
        let link = self.link.as_ref().filter(|link| !link.is_adopted);
        link.map(|link| link.authority.as_str())
    }
}

/// A password that an authority accepted.
#[derive(Clone)]
pub struct Acceptance {
    /// The name of the authority.
    pub authority: String,
    /// The identifier of the user there.
    pub external_id: String,
    /// What is stored of the password.
    pub password: AcceptedPassword,
    /// When the authority accepted the password, to the second.
    pub at: OffsetDateTime,
}

/// What is stored of a password that an authority accepted.
#[derive(Clone)]
pub enum AcceptedPassword {
    /// Nothing: the stored hash, if there is one, is removed.
    Forget,
    /// The stored hash stays: it is of this password. If another hash is stored by now, nothing is recorded of the
    /// password.
    Keep(SecretString),
    /// This hash, in place of the stored one.
    Replace(SecretString),
    /// This hash; and from now on it alone judges the user's password.
    Adopt(SecretString),
}

impl fmt::Debug for Acceptance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Acceptance({}, …)", self.authority)
    }
}
