//! Requests to the writing thread.

use std::time::Duration;

use isogloss_core::store::{Record, StoredToken};
use isogloss_core::{StoreError, TokenDigest};
use time::OffsetDateTime;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::super::error::store_error;

/// The channel to the caller that waits for the outcome.
pub(super) type Responder<T> = oneshot::Sender<Result<T, StoreError>>;

/// One change, with the channel to its caller.
pub(crate) enum Change {
    Put {
        digest: TokenDigest,
        record: Box<Record>,
        now: OffsetDateTime,
        responder: Responder<Vec<TokenDigest>>,
    },
    Replace {
        digest: TokenDigest,
        before: Box<Record>,
        after: Box<Record>,
        responder: Responder<bool>,
    },
    Restore {
        token: Box<StoredToken>,
        responder: Responder<()>,
    },
    Take {
        digest: TokenDigest,
        responder: Responder<Option<Record>>,
    },
    RemoveUser {
        user: Uuid,
        responder: Responder<u64>,
    },
    Sweep {
        now: OffsetDateTime,
        at_most: usize,
        responder: Responder<Step>,
    },
    /// Writes a value that is not a token, or removes it.
    Probe {
        stored: Option<&'static [u8]>,
        responder: Responder<()>,
    },
    /// Opens the database again if it rejects everything since an error of the disk. Writes nothing.
    Check { responder: Responder<()> },
    /// Closes the database and ends the thread.
    Close { responder: Responder<()> },
}

/// The result of one step of a sweep.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// Number of expiries that were examined.
    pub(crate) looked_at: usize,
    /// Number of records that were removed.
    pub(crate) removed: usize,
    /// How long other changes had to wait for the step.
    pub(crate) took: Duration,
}

impl Change {
    /// Reports success to the caller of a check or a close. Drops any other change without a response.
    pub(super) fn done(self) {
        if let Self::Check { responder } | Self::Close { responder } = self {
            drop(responder.send(Ok(())));
        }
    }

    /// Reports to the caller that the change was not made.
    pub(super) fn fail(self, reason: &str) {
        let error = store_error(reason);
        // The caller may have been dropped and needs no outcome then.
        match self {
            Self::Put { responder, .. } => drop(responder.send(Err(error))),
            Self::Replace { responder, .. } => drop(responder.send(Err(error))),
            Self::Take { responder, .. } => drop(responder.send(Err(error))),
            Self::RemoveUser { responder, .. } => drop(responder.send(Err(error))),
            Self::Sweep { responder, .. } => drop(responder.send(Err(error))),
            Self::Restore { responder, .. }
            | Self::Probe { responder, .. }
            | Self::Check { responder }
            | Self::Close { responder } => drop(responder.send(Err(error))),
        }
    }
}
