//! Single changes that administrators make: each is checked and made in one transaction, in which
//! nobody else changes anything.

mod changed;
mod organisations;
mod setting;
mod users;

use async_trait::async_trait;
use thiserror::Error;
use uuid::Uuid;

pub use self::changed::Changed;
pub use self::organisations::OrganisationEdit;
pub use self::setting::Patch;
pub use self::users::UserEdit;
use super::looks::LookTable;
use super::{OrganisationEntry, OrganisationRef, UnitEntry, UserEntry};
use crate::error::StoreError;
use crate::user::User;

/// A change of the directory.
#[derive(Debug, Clone)]
pub enum Change {
    /// A new user, under the next free number if none is given.
    AddUser {
        /// Who; the number in here does not count.
        user: Box<UserEntry>,
        /// The number.
        number: Option<i64>,
    },
    /// Another name, role, organisation, or the like.
    EditUser {
        /// Whose.
        user: Uuid,
        /// What is to be otherwise.
        edit: Box<UserEdit>,
    },
    /// A new organisation with its units.
    AddOrganisation(OrganisationEntry),
    /// Another name or default unit.
    EditOrganisation {
        /// Whose.
        organisation: Uuid,
        /// What is to be otherwise.
        edit: OrganisationEdit,
    },
    /// An organisation without users, and its units, are to be no more.
    RemoveOrganisation(Uuid),
    /// A new unit, or another name for one.
    PutUnit {
        /// Where.
        organisation: Uuid,
        /// The unit.
        unit: UnitEntry,
    },
    /// A unit that nobody is in is to be no more.
    RemoveUnit {
        /// Where.
        organisation: Uuid,
        /// The unit's identifier.
        unit: String,
    },
}

/// Why a change makes no sense. Each reason is for people.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidChange {
    /// What was asked for cannot be.
    #[error("{0}")]
    Invalid(String),
    /// What it is about is not there.
    #[error("{0}")]
    NotFound(String),
    /// Something that is there is in its way.
    #[error("{0}")]
    Conflict(String),
}

/// Why a change was not made. Nothing of it was.
#[derive(Debug, Error)]
pub enum ChangeError {
    /// It makes no sense.
    #[error(transparent)]
    Invalid(#[from] InvalidChange),
    /// The directory cannot be asked.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

/// Why a change goes no further: the transaction ends without it.
pub enum Abort<E> {
    /// The change makes no sense.
    Invalid(InvalidChange),
    /// A query failed.
    Failed(E),
}

impl<E> From<InvalidChange> for Abort<E> {
    fn from(invalid: InvalidChange) -> Self {
        Self::Invalid(invalid)
    }
}

/// A database in such a transaction.
#[async_trait]
pub trait DirectoryTransaction: LookTable {
    /// Returns the organisation; `None` if there is none.
    async fn organisation(
        &mut self,
        name: OrganisationRef<'_>,
    ) -> Result<Option<OrganisationEntry>, Self::Error>;

    /// Writes an organisation and its units; others that it has stay.
    async fn put_organisation(
        &mut self,
        organisation: &OrganisationEntry,
    ) -> Result<(), Self::Error>;

    /// Removes an organisation and its units, which nobody is in.
    async fn remove_organisation(&mut self, organisation: Uuid) -> Result<(), Self::Error>;

    /// Removes a unit, which nobody is in.
    async fn remove_unit(&mut self, unit: &str) -> Result<(), Self::Error>;

    /// The organisation that a unit belongs to.
    async fn organisation_of_unit(&mut self, unit: &str) -> Result<Option<Uuid>, Self::Error>;

    /// How many users an organisation has.
    async fn users_of(&mut self, organisation: Uuid) -> Result<i64, Self::Error>;

    /// How many users may log in to a unit, by themselves and not as everybody of the organisation.
    async fn users_in(&mut self, unit: &str) -> Result<i64, Self::Error>;

    /// A user, without cards, codes and application passwords.
    async fn user(&mut self, id: Uuid) -> Result<Option<UserEntry>, Self::Error>;

    /// A user as others are told of one.
    async fn shown_user(&mut self, id: Uuid) -> Result<Option<User>, Self::Error>;

    /// Who has that number.
    async fn user_of_number(&mut self, number: i64) -> Result<Option<UserRef>, Self::Error>;

    /// The greatest number that has one after it.
    async fn last_number(&mut self) -> Result<Option<i64>, Self::Error>;

    /// Writes a user, but for cards, codes and application passwords.
    async fn put_user(&mut self, user: &UserEntry) -> Result<(), Self::Error>;
}

/// A user, as far as others need to know.
#[derive(Clone)]
pub struct UserRef {
    /// The user's identifier.
    pub id: Uuid,
    /// The user's login name.
    pub user_name: String,
}

impl Change {
    /// Returns the user names and e-mail addresses that it gives a user.
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

    /// Makes the change, and returns what it has left.
    pub async fn apply<D: DirectoryTransaction>(
        self,
        desk: &mut D,
    ) -> Result<Changed, Abort<D::Error>> {
        let subject = self.subject();
        self.write(desk).await?;
        subject.read(desk).await.map_err(Abort::Failed)
    }

    async fn write<D: DirectoryTransaction>(self, desk: &mut D) -> Result<(), Abort<D::Error>> {
        match self {
            Self::AddUser { user, number } => users::add(desk, *user, number).await,
            Self::EditUser { user, edit } => users::edit(desk, user, *edit).await,
            Self::AddOrganisation(organisation) => organisations::add(desk, organisation).await,
            Self::EditOrganisation { organisation, edit } => {
                organisations::edit(desk, organisation, edit).await
            }
            Self::RemoveOrganisation(organisation) => {
                organisations::remove(desk, organisation).await
            }
            Self::PutUnit { organisation, unit } => {
                organisations::put_unit(desk, organisation, unit).await
            }
            Self::RemoveUnit { organisation, unit } => {
                organisations::remove_unit(desk, organisation, &unit).await
            }
        }
    }
}
