//! The errors of a directory file.

use std::path::PathBuf;

use isogloss_password::InvalidPassword;
use thiserror::Error;

use crate::directory::{EntryFault, EntryFaults, ImportError};
use crate::error::StoreError;

/// Why a directory file was not applied. Nothing was changed.
#[derive(Debug, Error)]
pub enum FileError {
    /// The file cannot be read from the disk.
    #[error("{}: {error}", path.display())]
    Read {
        /// The path of the file.
        path: PathBuf,
        /// The error of the operating system.
        error: std::io::Error,
    },
    /// The file is not TOML or JSON of the expected structure. The message says where, and never quotes a value.
    #[error("{}: {reason}", path.display())]
    Syntax {
        /// The path of the file.
        path: PathBuf,
        /// The line, the column, and what was expected.
        reason: String,
    },
    /// An entry is invalid.
    #[error("{entry}: {reason}")]
    Entry {
        /// The entry.
        entry: String,
        /// The reason.
        reason: String,
    },
    /// Several entries are invalid, or conflict with stored ones.
    #[error("{0}")]
    Entries(EntryFaults),
    /// A password or pass code cannot be set.
    #[error("{entry}: {error}")]
    Password {
        /// The entry.
        entry: String,
        /// The reason.
        error: InvalidPassword,
    },
    /// The directory is unavailable.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

impl FileError {
    /// Returns the faults of entries that the error consists of.
    ///
    /// # Errors
    /// The error itself, if it is not about entries.
    pub(super) fn into_faults(self) -> Result<Vec<EntryFault>, Self> {
        let fault = |entry, reason| EntryFault {
            entry,
            reason,
            user: None,
        };
        match self {
            Self::Entry { entry, reason } => Ok(vec![fault(entry, reason)]),
            Self::Password { entry, error } => Ok(vec![fault(entry, error.to_string())]),
            Self::Entries(EntryFaults(faults)) => Ok(faults),
            Self::Read { .. } | Self::Syntax { .. } | Self::Unavailable(_) => Err(self),
        }
    }
}

impl From<ImportError> for FileError {
    fn from(reason: ImportError) -> Self {
        match reason {
            ImportError::Entries(faults) => Self::Entries(faults),
            ImportError::Unavailable(error) => Self::Unavailable(error),
        }
    }
}
