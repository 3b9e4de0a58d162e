//! What a change is about, as it is afterwards: read in the transaction that makes the change.

use uuid::Uuid;

use super::{Change, DirectoryTransaction};
use crate::directory::{OrganisationEntry, OrganisationRef};
use crate::user::User;

/// What a change has left. It was read before the change was committed: nothing has to be read again for an
/// answer, which could fail although the change is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// The user who was added or changed.
    User(Box<User>),
    /// The organisation that was added or changed, with its units.
    Organisation(OrganisationEntry),
    /// Nothing: it was removed.
    Removed,
}

/// What a change is about.
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
    /// Reads it as the transaction has left it.
    pub(super) async fn read<D: DirectoryTransaction>(
        self,
        desk: &mut D,
    ) -> Result<Changed, D::Error> {
        Ok(match self {
            Self::User(id) => {
                let user = desk.shown_user(id).await?;
                user.map_or(Changed::Removed, |user| Changed::User(Box::new(user)))
            }
            Self::Organisation(id) => {
                let organisation = desk.organisation(OrganisationRef::Id(id)).await?;
                organisation.map_or(Changed::Removed, Changed::Organisation)
            }
        })
    }
}
