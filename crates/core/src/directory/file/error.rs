//! The errors of a directory file.

use std::path::PathBuf;

use isogloss_password::InvalidPassword;
use thiserror::Error;

use crate::directory::ImportError;
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

impl From<ImportError> for FileError {
    fn from(reason: ImportError) -> Self {
        match reason {
            ImportError::Entry { entry, reason } => Self::Entry { entry, reason },
            ImportError::Unavailable(error) => Self::Unavailable(error),
        }
    }
}
