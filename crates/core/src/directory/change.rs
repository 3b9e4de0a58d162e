//! Single changes by administrators: each is checked and made in one transaction, isolated from concurrent
//! changes.

mod changed;
pub(in crate::directory) mod links;
mod organisations;
mod patch;
mod users;

use async_trait::async_trait;
use thiserror::Error;
use uuid::Uuid;

pub use self::changed::Changed;
pub use self::organisations::OrganisationEdit;
pub use self::patch::Patch;
pub use self::users::UserEdit;
use super::looks::LookTable;
use super::{OrganisationEntry, OrganisationRef, UnitEntry, UserEntry, UserRecord};
use crate::error::StoreError;

/// A change of the directory.
#[derive(Debug, Clone)]
pub enum Change {
    /// Adds a user, with the next free number if none is given.
    AddUser {
        /// The user; the number in this entry is ignored.
        user: Box<UserEntry>,
        /// The user's number.
        number: Option<i64>,
    },
    /// Changes a user's name, role, organisation, or other attributes.
    EditUser {
        /// The user's identifier.
        user: Uuid,
        /// The changes.
        edit: Box<UserEdit>,
    },
    /// Adds an organisation with its units.
    AddOrganisation(OrganisationEntry),
    /// Changes an organisation's name or default unit.
    EditOrganisation {
        /// The organisation's identifier.
        organisation: Uuid,
        /// The changes.
        edit: OrganisationEdit,
    },
    /// Removes an organisation that has no users, and its units.
    RemoveOrganisation(Uuid),
    /// Adds a unit, or changes its name.
    PutUnit {
        /// The organisation's identifier.
        organisation: Uuid,
        /// The unit.
        unit: UnitEntry,
    },
    /// Removes a unit that has no users.
    RemoveUnit {
        /// The organisation's identifier.
        organisation: Uuid,
        /// The unit's identifier.
        unit: String,
    },
}

/// Why a change is invalid. The reasons are messages for operators.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidChange {
    /// A value is invalid.
    #[error("{0}")]
    Invalid(String),
    /// The entry to change does not exist.
    #[error("{0}")]
    NotFound(String),
    /// An existing entry conflicts with the change.
    #[error("{0}")]
    Conflict(String),
}

/// Why a change was not made. Nothing was changed.
#[derive(Debug, Error)]
pub enum ChangeError {
    /// The change is invalid.
    #[error(transparent)]
    Invalid(#[from] InvalidChange),
    /// The directory is unavailable.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

/// Why a change is aborted: the transaction must be rolled back.
pub enum Abort<E> {
    /// The change is invalid.
    Invalid(InvalidChange),
    /// A query failed.
    Failed(E),
}

impl<E> From<InvalidChange> for Abort<E> {
    fn from(invalid: InvalidChange) -> Self {
        Self::Invalid(invalid)
    }
}

/// The transaction in which a change is checked and made.
#[async_trait]
pub trait DirectoryTransaction: LookTable {
    /// Returns the organisation with this name or identifier; `None` if there is none. Fails if the query fails.
    async fn organisation(
        &mut self,
        name: OrganisationRef<'_>,
    ) -> Result<Option<OrganisationEntry>, Self::Error>;

    /// Inserts or updates an organisation and its listed units; other units that it has stay. Fails if the query
    /// fails.
    async fn put_organisation(
        &mut self,
        organisation: &OrganisationEntry,
    ) -> Result<(), Self::Error>;

    /// Removes an organisation and its units. The caller has checked that they have no users. Fails if the query
    /// fails.
    async fn remove_organisation(&mut self, organisation: Uuid) -> Result<(), Self::Error>;

    /// Removes a unit. The caller has checked that it has no users. Fails if the query fails.
    async fn remove_unit(&mut self, unit: &str) -> Result<(), Self::Error>;

    /// Returns the organisation that a unit belongs to; `None` if there is no such unit. Fails if the query fails.
    async fn organisation_of_unit(&mut self, unit: &str) -> Result<Option<Uuid>, Self::Error>;

    /// Returns how many users an organisation has. Fails if the query fails.
    async fn users_of(&mut self, organisation: Uuid) -> Result<i64, Self::Error>;

    /// Returns how many users have the unit among their own units, not counting those who may log in to it only
    /// because it belongs to their organisation. Fails if the query fails.
    async fn users_in(&mut self, unit: &str) -> Result<i64, Self::Error>;

    /// Returns a user without cards, recovery codes and application passwords; `None` if there is none. Fails if
    /// the query fails.
    async fn user(&mut self, id: Uuid) -> Result<Option<UserEntry>, Self::Error>;

    /// Returns a user as administrators see the user; `None` if there is none. Fails if the query fails.
    async fn user_record(&mut self, id: Uuid) -> Result<Option<UserRecord>, Self::Error>;

    /// Returns the user with this number; `None` if there is none. Fails if the query fails.
    async fn user_of_number(&mut self, number: i64) -> Result<Option<UserRef>, Self::Error>;

    /// Returns the user who is linked to this identifier at an authority; `None` if there is none. Fails if the query
    /// fails.
    async fn linked_user(
        &mut self,
        authority: &str,
        external_id: &str,
    ) -> Result<Option<UserRef>, Self::Error>;

    /// Returns the greatest number of a user that is less than the greatest permitted number; `None` if there is
    /// none. Fails if the query fails.
    async fn last_number(&mut self) -> Result<Option<i64>, Self::Error>;

    /// Inserts or updates a user, except for cards, recovery codes and application passwords. Fails if the query
    /// fails.
    async fn put_user(&mut self, user: &UserEntry) -> Result<(), Self::Error>;
}

/// A reference to a user, as other users' entries need it for comparisons and messages.
#[derive(Clone)]
pub struct UserRef {
    /// The user's identifier.
    pub id: Uuid,
    /// The user's login name.
    pub user_name: String,
}

/// The names that a change gives a user.
#[derive(Debug, Clone, Default)]
pub struct GivenNames {
    /// The user name and the e-mail address; empty if the change sets none.
    pub logins: Vec<String>,
    /// The authority and the identifier of the user there.
    pub link: Option<(String, String)>,
}

impl Change {
    /// Returns the user names and e-mail addresses that the change gives a user; empty if it changes none.
    pub fn logins(&self) -> Vec<String> {
        match self {
            Self::AddUser { user, .. } => user.logins().collect(),
            Self::EditUser { edit, .. } => edit.logins(),
            Self::AddOrganisation(_)
            | Self::EditOrganisation { .. }
            | Self::RemoveOrganisation(_)
            | Self::PutUnit { .. }
            | Self::RemoveUnit { .. } => Vec::new(),
        }
    }

    /// Returns the names that the change gives a user, by which imports recognise erased users.
    pub fn given_names(&self) -> GivenNames {
        let link = self.link();
        GivenNames {
            logins: self.logins(),
            link: link.map(|(authority, id)| (authority.to_owned(), id.to_owned())),
        }
    }

    /// Returns the authority and the identifier there that the change gives a user. `None` if it gives none.
    fn link(&self) -> Option<(&str, &str)> {
        match self {
            Self::AddUser { user, .. } => user.link(),
            Self::EditUser { edit, .. } => match (&edit.authority, &edit.external_id) {
                (Patch::Set(authority), Patch::Set(external_id)) => Some((authority, external_id)),
                (Patch::Keep | Patch::Remove | Patch::Set(_), _) => None,
            },
            Self::AddOrganisation(_)
            | Self::EditOrganisation { .. }
            | Self::RemoveOrganisation(_)
            | Self::PutUnit { .. }
            | Self::RemoveUnit { .. } => None,
        }
    }

    /// Makes the change in a transaction, and returns the changed entry.
    ///
    /// # Errors
    /// If the change is invalid or a query fails; the caller must then roll back.
    pub async fn apply<D: DirectoryTransaction>(
        self,
        transaction: &mut D,
    ) -> Result<Changed, Abort<D::Error>> {
        let subject = self.subject();
        self.write(transaction).await?;
        subject.read(transaction).await.map_err(Abort::Failed)
    }

    async fn write<D: DirectoryTransaction>(
        self,
        transaction: &mut D,
    ) -> Result<(), Abort<D::Error>> {
        match self {
            Self::AddUser { user, number } => users::add(transaction, *user, number).await,
            Self::EditUser { user, edit } => users::edit(transaction, user, *edit).await,
            Self::AddOrganisation(organisation) => {
                organisations::add(transaction, organisation).await
            }
            Self::EditOrganisation { organisation, edit } => {
                organisations::edit(transaction, organisation, edit).await
            }
            Self::RemoveOrganisation(organisation) => {
                organisations::remove(transaction, organisation).await
            }
            Self::PutUnit { organisation, unit } => {
                organisations::put_unit(transaction, organisation, unit).await
            }
            Self::RemoveUnit { organisation, unit } => {
                organisations::remove_unit(transaction, organisation, &unit).await
            }
        }
    }
}
