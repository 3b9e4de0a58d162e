//! The result of an import or a synchronisation.

use std::fmt;

use serde::Serialize;
use thiserror::Error;
use uuid::Uuid;

#[cfg(doc)]
use super::Directory;
use super::EntryChange;
use crate::error::StoreError;

/// The result of [`Directory::apply`], in numbers of users, organisations, units and keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// The number of new entries.
    pub created: u64,
    /// The number of entries that differed and were updated.
    pub updated: u64,
    /// The number of entries that were already up to date.
    pub unchanged: u64,
    /// Values that were set here and that the import did not replace.
    pub kept: Vec<Kept>,
    /// Skipped entries, such as `user ada`: users who were erased, and keys that acted as them.
    pub erased: Vec<String>,
    /// What changed in each entry. Empty unless the import asked for it.
    pub changes: Vec<EntryChange>,
    /// The entries of a synchronisation that were left as they are because they are invalid or conflict with stored
    /// ones. An import with such an entry is refused instead.
    pub faults: Vec<EntryFault>,
}

/// Why an entry is invalid, or conflicts with another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryFault {
    /// The entry, such as `user ada`.
    pub entry: String,
    /// The reason.
    pub reason: String,
    /// The identifier of the user, if the entry is a user's and has one.
    #[serde(skip)]
    pub user: Option<Uuid>,
}

impl fmt::Display for EntryFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.entry, self.reason)
    }
}

/// All faults of a file, one a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryFaults(pub Vec<EntryFault>);

impl fmt::Display for EntryFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [fault] = self.0.as_slice() {
            return fault.fmt(f);
        }
        write!(f, "{} faults:", self.0.len())?;
        let mut faults = self.0.iter();
        faults.try_for_each(|fault| write!(f, "\n{fault}"))
    }
}

/// A value that was set here and stays, although the import has another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// The entry, such as `user ada`.
    pub entry: String,
    /// The kind of value: `password`, `state`, `second factor`, `authority`, `application password`, `pass code`,
    /// `revocation`, or an attribute's name.
    pub what: &'static str,
}

/// Why a file was not applied. Nothing was changed.
#[derive(Debug, Error)]
pub enum ImportError {
    /// Entries are invalid, or conflict with stored ones.
    #[error("{0}")]
    Entries(EntryFaults),
    /// The directory is unavailable.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}
