//! Entries that cannot be merged: all of them are reported.

use uuid::Uuid;

use super::Merge;
use super::unique::Unique;
use crate::directory::EntryFault;
use crate::directory::user_change::UserChange;
use crate::error::StoreError;

/// Why an entry cannot be merged.
pub(super) enum MergeError {
    /// The entry is invalid or conflicts with another one. The next entry can still be merged.
    Entry(EntryFault),
    /// A digest key that may be needed does not open.
    Unavailable(StoreError),
}

impl MergeError {
    /// Returns the error with the identifier of the user whose entry it is.
    pub(super) fn about(self, user: Option<Uuid>) -> Self {
        match self {
            Self::Entry(fault) => Self::Entry(EntryFault { user, ..fault }),
            Self::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

impl From<StoreError> for MergeError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error)
    }
}

/// Returns the error for an entry that is invalid or conflicts with the directory.
pub(super) fn entry_error(entry: impl Into<String>, reason: impl Into<String>) -> MergeError {
    MergeError::Entry(EntryFault {
        entry: entry.into(),
        reason: reason.into(),
        user: None,
    })
}

pub(super) type Outcome<T> = Result<T, MergeError>;

impl Merge<'_> {
    /// Returns what an entry was merged to; `None`, and keeps the fault, if it is invalid. Fails if a digest key that
    /// may be needed does not open.
    pub(super) fn unless_faulty<T>(&mut self, merged: Outcome<T>) -> Result<Option<T>, StoreError> {
        match merged {
            Ok(merged) => Ok(Some(merged)),
            Err(MergeError::Entry(fault)) => {
                self.applied.faults.push(fault);
                Ok(None)
            }
            Err(MergeError::Unavailable(error)) => Err(error),
        }
    }

    /// Leaves out the users who conflict with others, and keeps the faults.
    pub(super) fn leave_out_conflicts(&mut self, users: &mut Vec<UserChange>) {
        loop {
            let conflicts = Unique::conflicts(self.present, users);
            if conflicts.is_empty() {
                return;
            }
            let is_left = |index: &usize| !conflicts.contains_key(index);
            let kept = std::mem::take(users).into_iter().enumerate();
            *users = kept
                .filter(|(index, _)| is_left(index))
                .map(|(_, user)| user)
                .collect();
            self.applied.faults.extend(conflicts.into_values());
            if !self.wanted.skips_faults() {
                return;
            }
            // A user who stays as before keeps a name that another one may have been given.
        }
    }
}
