//! Why a directory file is refused.

use std::path::PathBuf;

use isogloss_password::InvalidPassword;
use thiserror::Error;

use crate::directory::Unapplied;
use crate::error::StoreError;

/// Why a directory file was not applied. Nothing of it was.
#[derive(Debug, Error)]
pub enum FileError {
    /// It cannot be read from the disk.
    #[error("{}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// It is not TOML or JSON of this shape. Says where, and never quotes a value.
    #[error("{}: {reason}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, column and what was expected.
        reason: String,
    },
    /// An entry makes no sense.
    #[error("{entry}: {reason}")]
    Entry {
        /// Which one.
        entry: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A password or pass code cannot be set.
    #[error("{entry}: {error}")]
    Password {
        /// Whose.
        entry: String,
        /// Why.
        error: InvalidPassword,
    },
    /// The directory could not be asked.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

impl From<Unapplied> for FileError {
    fn from(reason: Unapplied) -> Self {
        match reason {
            Unapplied::Entry { entry, reason } => Self::Entry { entry, reason },
            Unapplied::Unavailable(error) => Self::Unavailable(error),
        }
    }
}
