//! Work for the hashing threads, and its result.

use tokio::sync::oneshot;
use tokio::sync::oneshot::error::RecvError;

use super::OVERLOADED;
use crate::bcrypt_lane::{BcryptLane, BcryptOutput};
use crate::error::HashingError;

/// Work whose result is awaited.
pub(in super::super) struct Task<T> {
    pub(super) work: Work,
    pub(super) outcome: Outcome<T>,
}

pub(super) enum Work {
    /// Any work, which runs alone.
    Alone(Box<dyn FnOnce(Deadline) + Send>),
    /// A bcrypt computation, which can run together with others at the same cost.
    Bcrypt(BcryptWork),
}

pub(super) struct BcryptWork {
    /// What the thread does first.
    pub(super) before: Option<Box<dyn FnOnce() + Send>>,
    pub(super) lane: BcryptLane,
    pub(super) sender: oneshot::Sender<Result<BcryptOutput, HashingError>>,
}

/// Whether a thread took a job before its time in the queue was over.
pub(super) enum Deadline {
    Met,
    Missed,
}

/// A result that a hashing thread sends.
pub(super) struct Outcome<T>(oneshot::Receiver<Result<T, HashingError>>);

impl<T: Send + 'static> Task<T> {
    /// Returns the task to do that work, alone on a thread.
    pub(in super::super) fn alone(work: impl FnOnce() -> T + Send + 'static) -> Self {
        let (sender, outcome) = oneshot::channel();
        let work = move |deadline| {
            if sender.is_closed() {
                return;
            }
            let outcome = match deadline {
                Deadline::Met => Ok(work()),
                Deadline::Missed => Err(OVERLOADED),
            };
            // A closed channel means that the caller was cancelled during the hashing.
            let _ = sender.send(outcome);
        };
        Self {
            work: Work::Alone(Box::new(work)),
            outcome: Outcome(outcome),
        }
    }
}

impl Task<BcryptOutput> {
    /// Returns the task to compute that lane.
    pub(in super::super) fn bcrypt(lane: BcryptLane) -> Self {
        Self::with(None, lane)
    }

    /// Returns the task to do other work, and then to compute that lane on the same thread.
    pub(super) fn bcrypt_after(before: impl FnOnce() + Send + 'static, lane: BcryptLane) -> Self {
        Self::with(Some(Box::new(before)), lane)
    }

    fn with(before: Option<Box<dyn FnOnce() + Send>>, lane: BcryptLane) -> Self {
        let (sender, outcome) = oneshot::channel();
        Self {
            work: Work::Bcrypt(BcryptWork {
                before,
                lane,
                sender,
            }),
            outcome: Outcome(outcome),
        }
    }
}

impl<T> Outcome<T> {
    /// Waits for the result and returns it. Fails with `Overloaded` if the task has waited too long, and with
    /// `Unavailable` if its thread panicked.
    pub(super) async fn result(self) -> Result<T, HashingError> {
        self.0.await.map_err(|error| panicked(&error))?
    }
}

/// Returns the error of a caller whose thread panicked.
pub(super) fn panicked(error: &RecvError) -> HashingError {
    HashingError::Unavailable(error.to_string())
}
