//! Why users were not synchronised.

use thiserror::Error;

use crate::audit::RefusalReason;
use crate::authority::{Cause, MaxDisable};
use crate::directory::ImportError;
use crate::error::StoreError;

/// Why users were not synchronised, or not all of them.
#[derive(Debug, Error)]
pub enum SyncError {
    /// The authority has no list of its users.
    #[error("the authority cannot list its users: only those of kind = \"ldap\" can")]
    CannotList,
    /// The list is not complete. Nothing was changed.
    #[error("the list of users is not complete, so nothing was changed: {0}")]
    Incomplete(Cause),
    /// The list is empty. Nothing was changed.
    #[error(
        "the authority lists no users, so nothing was changed: check its base and filter, and what its service may read"
    )]
    Empty,
    /// Two users of the list have the same identifier. Nothing was changed.
    #[error("two users of the list have the same identifier, so nothing was changed")]
    Ambiguous,
    /// More users would be disabled than permitted. Nothing was changed.
    #[error(
        "{disabled} of {active} active users would be disabled, but max_disable = \"{limit}\", so nothing was changed: \
         if they did leave, run isogloss directory sync with --max-disable"
    )]
    Brake {
        /// How many users would be disabled.
        disabled: u64,
        /// How many users of the authority are active.
        active: u64,
        /// How many may be disabled.
        limit: MaxDisable,
    },
    /// Another process synchronises these users.
    #[error("another process synchronises the users of this authority now")]
    Running,
    /// The last synchronisation began a short time ago.
    #[error("the last synchronisation began less than the interval ago")]
    NotDue,
    /// The process was silent for so long that another one may have continued.
    #[error("the synchronisation lost its turn: the next one continues")]
    LostTurn,
    /// The directory is unavailable. What was applied before stays.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

impl From<ImportError> for SyncError {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Unavailable(error) => Self::Unavailable(error),
            // A synchronisation leaves out such entries.
            ImportError::Entries(faults) => Self::Unavailable(StoreError::new("directory", faults)),
        }
    }
}

impl SyncError {
    /// Returns the name of the error in metrics and the audit log, such as `brake`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::CannotList => "cannot_list",
            Self::Incomplete(_) => "incomplete",
            Self::Empty => "empty",
            Self::Ambiguous => "ambiguous",
            Self::Brake { .. } => "brake",
            Self::Running => "running",
            Self::NotDue => "not_due",
            Self::LostTurn => "lost_turn",
            Self::Unavailable(_) => "unavailable",
        }
    }

    /// Returns why the synchronisation was refused, for the audit log.
    pub(super) const fn reason(&self) -> RefusalReason {
        match self {
            Self::Brake { .. } => RefusalReason::Brake,
            Self::CannotList
            | Self::Incomplete(_)
            | Self::Empty
            | Self::Ambiguous
            | Self::Running
            | Self::NotDue
            | Self::LostTurn
            | Self::Unavailable(_) => RefusalReason::Unavailable,
        }
    }
}
