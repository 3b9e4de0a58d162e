//! The entry that a change concerns, read after the change in the same transaction.

use uuid::Uuid;

use super::{Change, DirectoryTransaction};
use crate::directory::{OrganisationEntry, OrganisationRef, UserRecord};

/// The result of a change. It is read before the commit, because reading it afterwards could fail although the
/// change was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// The user who was added or changed.
    User(Box<UserRecord>),
    /// The organisation that was added or changed, with its units.
    Organisation(OrganisationEntry),
    /// The entry was removed.
    Removed,
}

/// The entry that a change concerns.
pub(super) enum Subject {
    User(Uuid),
    Organisation(Uuid),
}

impl Change {
    pub(super) fn subject(&self) -> Subject {
        match self {
            Self::AddUser { user, .. } => Subject::User(user.id),
            Self::EditUser { user, .. } => Subject::User(*user),
            Self::AddOrganisation(new) => Subject::Organisation(new.id),
            Self::EditOrganisation { organisation, .. }
            | Self::PutUnit { organisation, .. }
            | Self::RemoveUnit { organisation, .. }
            | Self::RemoveOrganisation(organisation) => Subject::Organisation(*organisation),
        }
    }
}

impl Subject {
    /// Returns the entry as the transaction has changed it, or [`Changed::Removed`] if it no longer exists. Fails
    /// if the query fails.
    pub(super) async fn read<D: DirectoryTransaction>(
        self,
        transaction: &mut D,
    ) -> Result<Changed, D::Error> {
        Ok(match self {
            Self::User(id) => {
                let user = transaction.user_record(id).await?;
                user.map_or(Changed::Removed, |user| Changed::User(Box::new(user)))
            }
            Self::Organisation(id) => {
                let organisation = transaction.organisation(OrganisationRef::Id(id)).await?;
                organisation.map_or(Changed::Removed, Changed::Organisation)
            }
        })
    }
}
