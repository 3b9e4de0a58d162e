//! Operations of administrators, for the command line and the management listener.

pub(crate) mod api_keys;
pub(crate) mod cursors;
pub(crate) mod erasure;
pub(crate) mod explanation;
pub(crate) mod invitation;
pub(crate) mod organisations;
pub(crate) mod refusals;
pub(crate) mod sessions;
pub(crate) mod throttle;
pub(crate) mod timestamp;
mod token_end;
pub(crate) mod token_finding;
pub(crate) mod token_stream;
pub(crate) mod trial;
pub(crate) mod user_names;
pub(crate) mod users;

use std::sync::Arc;

use isogloss_core::audit::{Audit, Event, EventKind, RefusalReason};
use isogloss_core::directory::file::FileError;
use isogloss_core::directory::{ChangeError, Directory, InvalidChange};
use isogloss_core::{Clock as _, StoreError, SystemClock};
use thiserror::Error;

/// The directory, and the audit log of its changes, whose actor is that of the
/// [`RequestContext`](isogloss_core::audit::RequestContext).
#[derive(Clone)]
pub(crate) struct AdminService {
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) audit: Audit,
}

/// Reason why an operation failed, or may have failed.
#[derive(Debug, Error)]
pub(crate) enum AdminError {
    /// The request is invalid.
    #[error("{0}")]
    Malformed(String),
    /// The object of the request does not exist.
    #[error("{0}")]
    NotFound(String),
    /// The request conflicts with existing data.
    #[error("{0}")]
    Conflict(String),
    /// The caller lacks the right.
    #[error("{0}")]
    Forbidden(String),
    /// The directory is unreachable, or did not respond: the change may have been made.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

impl From<ChangeError> for AdminError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Invalid(InvalidChange::Invalid(reason)) => Self::Malformed(reason),
            ChangeError::Invalid(InvalidChange::NotFound(reason)) => Self::NotFound(reason),
            ChangeError::Invalid(InvalidChange::Conflict(reason)) => Self::Conflict(reason),
            ChangeError::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

impl From<FileError> for AdminError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Unavailable(error) => Self::Unavailable(error),
            error @ (FileError::Read { .. }
            | FileError::Syntax { .. }
            | FileError::Entry { .. }
            | FileError::Entries(_)
            | FileError::Password { .. }) => Self::Malformed(error.to_string()),
        }
    }
}

impl AdminService {
    /// Records an event in the audit log.
    fn record(&self, event: Event) {
        self.audit.record(event);
    }

    /// Records `event` if the change was made, or as refused if it is unknown whether it was made
    /// (`AdminError::Unavailable`: the directory's response may be lost). Returns `made`, with the error
    /// converted.
    fn record_change<T>(
        &self,
        event: Event,
        made: Result<T, impl Into<AdminError>>,
    ) -> Result<T, AdminError> {
        self.record_result(event, made, |event, _| Some(event))
    }

    /// Records `event`, completed from the result by `complete`, if the change was made; nothing if `complete`
    /// returns `None`, because nothing has changed. Records it as refused if it is unknown whether the change
    /// was made (`AdminError::Unavailable`). Returns `made`, with the error converted.
    pub(crate) fn record_result<T>(
        &self,
        event: Event,
        made: Result<T, impl Into<AdminError>>,
        complete: impl FnOnce(Event, &T) -> Option<Event>,
    ) -> Result<T, AdminError> {
        let made = made.map_err(Into::into);
        let event = match &made {
            Ok(result) => complete(event, result),
            Err(AdminError::Unavailable(_)) => Some(event.refused(RefusalReason::Unavailable)),
            Err(_) => None,
        };
        if let Some(event) = event {
            self.record(event);
        }
        made
    }
}

/// Returns an event of this kind with the current time.
fn event(kind: EventKind) -> Event {
    Event::new(kind, SystemClock.now())
}
