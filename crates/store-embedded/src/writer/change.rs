//! What the writing thread is asked for.

use std::time::Duration;

use isogloss_core::store::{Record, StoredToken};
use isogloss_core::{StoreError, TokenDigest};
use time::OffsetDateTime;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::super::failure::failed;

/// Where an outcome is awaited.
pub(super) type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

/// One change, with the place where its outcome is awaited.
pub(crate) enum Change {
    Put {
        digest: TokenDigest,
        record: Box<Record>,
        now: OffsetDateTime,
        answer: Answer<Vec<TokenDigest>>,
    },
    Replace {
        digest: TokenDigest,
        before: Box<Record>,
        after: Box<Record>,
        answer: Answer<bool>,
    },
    Restore {
        token: Box<StoredToken>,
        answer: Answer<()>,
    },
    Take {
        digest: TokenDigest,
        answer: Answer<Option<Record>>,
    },
    RemoveUser {
        user: Uuid,
        answer: Answer<u64>,
    },
    Sweep {
        now: OffsetDateTime,
        at_most: usize,
        answer: Answer<Step>,
    },
    /// Stores something that is not a token, or removes it.
    Probe {
        stored: Option<&'static [u8]>,
        answer: Answer<()>,
    },
    /// Opens the database again if it answers nothing since the disk failed. Writes nothing.
    Check {
        answer: Answer<()>,
    },
    /// Nothing follows it.
    Close {
        answer: Answer<()>,
    },
}

/// What one step of a sweep did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// How many ends of tokens had come.
    pub(crate) looked_at: usize,
    /// How many records were removed for that.
    pub(crate) removed: usize,
    /// How long other changes had to wait for it.
    pub(crate) took: Duration,
}

impl Change {
    /// Answers a check or a close: it is done.
    pub(super) fn done(self) {
        if let Self::Check { answer } | Self::Close { answer } = self {
            drop(answer.send(Ok(())));
        }
    }

    /// Answers that it was not made.
    pub(super) fn fail(self, reason: &str) {
        let error = failed(reason);
        // The caller may have gone; then the answer is not needed.
        match self {
            Self::Put { answer, .. } => drop(answer.send(Err(error))),
            Self::Replace { answer, .. } => drop(answer.send(Err(error))),
            Self::Take { answer, .. } => drop(answer.send(Err(error))),
            Self::RemoveUser { answer, .. } => drop(answer.send(Err(error))),
            Self::Sweep { answer, .. } => drop(answer.send(Err(error))),
            Self::Restore { answer, .. }
            | Self::Probe { answer, .. }
            | Self::Check { answer }
            | Self::Close { answer } => drop(answer.send(Err(error))),
        }
    }
}
