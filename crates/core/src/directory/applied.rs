//! The result of an import.

use serde::Serialize;
use thiserror::Error;

#[cfg(doc)]
use super::Directory;
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
    /// An entry is invalid, or conflicts with a stored one.
    #[error("{entry}: {reason}")]
    Entry {
        /// The entry.
        entry: String,
        /// The reason.
        reason: String,
    },
    /// The directory is unavailable.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}
