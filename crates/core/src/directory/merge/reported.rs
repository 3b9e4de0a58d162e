//! Counts and lists what changes.

use super::Merge;
use crate::directory::user_change::{UserChange, count};
use crate::directory::{ChangeKind, EntryChange, KeyEntry, OrganisationEntry, RevokedKeyEntry};

impl Merge<'_> {
    /// Counts the users, and lists what changes in them if that is wanted.
    pub(super) fn report(&mut self, users: &[UserChange]) {
        for user in users {
            count(&mut self.applied, user.known.as_ref(), &user.entry);
        }
        if self.wanted.lists_changes {
            let changes = users.iter().filter(|user| user.differs);
            self.applied.changes = changes.map(EntryChange::of_user).collect();
        }
    }

    /// Lists the organisations and keys that change.
    pub(super) fn report_others(
        &mut self,
        organisations: &[OrganisationEntry],
        keys: &[KeyEntry],
        revoked: &[RevokedKeyEntry],
    ) {
        let kind = |is_known| {
            if is_known {
                ChangeKind::Updated
            } else {
                ChangeKind::Created
            }
        };
        let known = &self.present.entries.organisations;
        let organisations = organisations.iter().map(|one| {
            let is_known = known.iter().any(|known| known.id == one.id);
            EntryChange::of_other(format!("organisation {}", one.name), kind(is_known))
        });
        let keys = keys.iter().map(|key| {
            let is_known = self.keys.contains_key(&(key.realm.as_str(), key.digest));
            EntryChange::of_other(format!("{} key {}", key.realm, key.label), kind(is_known))
        });
        let revoked = revoked.iter().map(|key| {
            let entry = format!("{} key, which is revoked", key.realm);
            EntryChange::of_other(entry, ChangeKind::Updated)
        });
        let mut changes: Vec<_> = organisations.collect();
        changes.append(&mut self.applied.changes);
        changes.extend(keys.chain(revoked));
        self.applied.changes = changes;
    }
}
