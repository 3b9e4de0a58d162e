//! The result of a synchronisation.

use serde::{Deserialize, Serialize};

use crate::directory::{ChangeKind, EntryChange, EntryFault, Kept};

/// The result of a synchronisation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SyncReport {
    /// The numbers of users.
    pub counts: SyncCounts,
    /// What changed in each user, or would change.
    pub changes: Vec<EntryChange>,
    /// Users who are disabled here, and whom the synchronisation does not enable: an operator disabled them.
    pub kept: Vec<Kept>,
    /// Users who were erased here and are not created again.
    pub erased: Vec<String>,
    /// Users who were left as they are, or not created, and why.
    pub faults: Vec<EntryFault>,
}

/// The numbers of users of a synchronisation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyncCounts {
    /// How many the authority lists.
    pub listed: u64,
    /// How many are new here.
    pub created: u64,
    /// How many differed in more than their state.
    pub updated: u64,
    /// How many were disabled, because they are gone or disabled there.
    pub disabled: u64,
    /// How many were enabled again.
    pub enabled: u64,
    /// How many were up to date.
    pub unchanged: u64,
    /// How many an operator disabled here.
    pub kept: u64,
    /// How many are not in the directory and were not added: they are disabled there, or were erased here.
    pub left_out: u64,
    /// How many were adopted, so that the authority has no say in them.
    pub adopted: u64,
    /// How many could not be stored.
    pub faults: u64,
}

impl SyncCounts {
    /// Returns how many users were changed.
    pub const fn changed(&self) -> u64 {
        self.created + self.updated + self.disabled + self.enabled
    }
}

/// How far a synchronisation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncProgress {
    /// So many users have been listed.
    Listed(u64),
    /// So many of the users who may change have been compared.
    Applied {
        /// How many.
        done: u64,
        /// Of how many.
        total: u64,
    },
}

impl SyncReport {
    /// Adds what changes, and counts it.
    pub(super) fn add_changes(&mut self, changes: Vec<EntryChange>) {
        for change in &changes {
            let counts = &mut self.counts;
            match change.disables() {
                Some(true) => counts.disabled += 1,
                Some(false) => counts.enabled += 1,
                None => {}
            }
            match change.kind {
                ChangeKind::Created => counts.created += 1,
                ChangeKind::Updated => counts.updated += u64::from(change.edits()),
            }
        }
        self.changes.extend(changes);
    }
}
