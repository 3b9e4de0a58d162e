//! Changes of the link between a user and an authority.

use super::{Abort, DirectoryTransaction, InvalidChange, Patch};
use crate::directory::UserEntry;
use crate::names::tidy;

/// Changes the link of a user. A user who is given to an authority has not been accepted by it yet.
pub(super) fn edit(user: &mut UserEntry, authority: Patch<String>, external_id: Patch<String>) {
    let is_given = matches!(&authority, Patch::Set(_));
    let is_another = match &authority {
        Patch::Keep => false,
        Patch::Remove => true,
        Patch::Set(name) => user.authority.as_ref() != Some(&tidy(name)),
    };
    if is_another {
        user.external_id = None;
    }
    if is_another || (is_given && user.adopted) {
        user.adopted = false;
        user.accepted_at = None;
    }
    user.authority = authority.after(user.authority.take());
    let linked = external_id.after(user.external_id.clone());
    if linked != user.external_id {
        user.accepted_at = None;
        user.external_id = linked;
    }
}

/// Aborts if another user is linked to the same identifier at the same authority, or if a query fails.
pub(super) async fn check<D: DirectoryTransaction>(
    transaction: &mut D,
    user: &UserEntry,
    known: Option<&UserEntry>,
) -> Result<(), Abort<D::Error>> {
    let Some((authority, external_id)) = user.link() else {
        return Ok(());
    };
    if known.and_then(UserEntry::link) == Some((authority, external_id)) {
        return Ok(());
    }
    let other = transaction.linked_user(authority, external_id).await;
    match other.map_err(Abort::Failed)? {
        Some(other) if other.id != user.id => {
            let name = &other.user_name;
            Err(InvalidChange::Conflict(same_link(name, authority)).into())
        }
        Some(_) | None => Ok(()),
    }
}

/// Returns the message for a user whose identifier at an authority another user has.
pub(in crate::directory) fn same_link(other: &str, authority: &str) -> String {
    format!("user {other} has the same external id at {authority}")
}
