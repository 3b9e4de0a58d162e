//! The writing thread, which commits all waiting changes together.

mod change;
mod retry_delay;

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use redb::Durability;
use tokio::sync::oneshot;

use self::change::Answer;
pub(super) use self::change::{Change, Step};
use self::retry_delay::Pauses;
use super::database::{Refusal, Shelf};
use super::error::{failed, needs_reopening};
use super::tables::{self, Tables};
use isogloss_core::StoreError;
use isogloss_core::store::SessionLimits;

/// Maximum number of changes in one commit.
const BATCH: usize = 256;

/// The queue of the writing thread. The thread ends when this is dropped.
pub(super) struct Writer(Sender<Change>);

impl Writer {
    pub(super) fn start(
        shelf: Shelf,
        durability: Durability,
        caps: SessionLimits,
    ) -> Result<Self, StoreError> {
        let (changes, queue) = channel();
        thread::Builder::new()
            .name("token-writer".to_owned())
            .spawn(move || write(&shelf, durability, caps, &queue))
            .map_err(failed)?;
        Ok(Self(changes))
    }

    /// Sends a change to the thread, and returns its result when it is durable.
    pub(super) async fn apply<T>(
        &self,
        change: impl FnOnce(Answer<T>) -> Change,
    ) -> Result<T, StoreError> {
        let (answer, outcome) = oneshot::channel();
        self.0.send(change(answer)).map_err(failed)?;
        outcome.await.map_err(failed)?
    }
}

fn write(shelf: &Shelf, durability: Durability, caps: SessionLimits, queue: &Receiver<Change>) {
    let mut pauses = Pauses::default();
    let mut ill: Option<Illness> = None;
    loop {
        // Checked first: the changes that keep arriving are refused, and must not delay this.
        if ill.as_ref().is_some_and(|illness| illness.left().is_zero()) {
            ill = shelf
                .reopen()
                .err()
                .map(|refusal| Illness::after(refusal, &mut pauses));
        }
        let waited = match &ill {
            None => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(illness) => queue.recv_timeout(illness.left()),
        };
        let first = match waited {
            Ok(first) => first,
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => continue,
        };
        let mut changes = vec![first];
        changes.extend(queue.try_iter().take(BATCH - 1));
        let (closes, changes) = split(changes, |change| matches!(change, Change::Close { .. }));
        let (checks, changes) = split(changes, |change| matches!(change, Change::Check { .. }));
        // The responses to other changes do not wait for a sweep that arrived with them.
        let (sweeps, changes) = split(changes, |change| matches!(change, Change::Sweep { .. }));
        for changes in [changes, sweeps] {
            match &ill {
                Some(illness) => changes
                    .into_iter()
                    .for_each(|one| one.fail(&illness.reason)),
                None if changes.is_empty() => {}
                None => match make(shelf, durability, caps, changes) {
                    Ok(()) => pauses = Pauses::default(),
                    Err(reason) => ill = Some(reopen(shelf, reason, &mut pauses)),
                },
            }
        }
        if !checks.is_empty() && ill.is_none() {
            ill = match shelf.check() {
                Err(error) if needs_reopening(error.as_ref()) => {
                    Some(reopen(shelf, error.to_string(), &mut pauses))
                }
                Ok(()) | Err(_) => None,
            };
        }
        checks.into_iter().for_each(Change::done);
        if !closes.is_empty() {
            shelf.close();
            closes.into_iter().for_each(Change::done);
            return;
        }
    }
}

/// Returns the changes of one kind, and the others.
fn split(changes: Vec<Change>, is_wanted: fn(&Change) -> bool) -> (Vec<Change>, Vec<Change>) {
    changes.into_iter().partition(is_wanted)
}

/// Makes all changes or none, and reports the outcome to each caller. Returns an error, the reason, if the
/// database needs reopening.
fn make(
    shelf: &Shelf,
    durability: Durability,
    caps: SessionLimits,
    changes: Vec<Change>,
) -> Result<(), String> {
    match commit(shelf, durability, caps, changes) {
        Ok(answers) => {
            for answer in answers {
                answer(Ok(()));
            }
            Ok(())
        }
        Err((error, answers)) => {
            let reason = error.to_string();
            for answer in answers {
                answer(Err(failed(&reason)));
            }
            if needs_reopening(error.as_ref()) {
                return Err(reason);
            }
            Ok(())
        }
    }
}

/// Opens the database again, for readers. Writing pauses in any case: otherwise, a full disk would make the
/// thread open and close it all the time.
fn reopen(shelf: &Shelf, reason: String, pauses: &mut Pauses) -> Illness {
    match shelf.reopen() {
        Ok(()) => Illness::new(reason, pauses.next()),
        Err(refusal) => Illness::after(refusal, pauses),
    }
}

/// Why writing pauses, and until when.
struct Illness {
    reason: String,
    until: Instant,
}

impl Illness {
    fn new(reason: String, pause: Duration) -> Self {
        Self {
            reason,
            until: Instant::now() + pause,
        }
    }

    fn after(refusal: Refusal, pauses: &mut Pauses) -> Self {
        match refusal {
            Refusal::Disk(error) => Self::new(error.to_string(), retry_delay::FIRST),
            Refusal::Database(error) => Self::new(error.to_string(), pauses.next()),
        }
    }

    fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

/// Sends an outcome that was held back until the commit.
type Pending = Box<dyn FnOnce(Result<(), StoreError>)>;
type Failure = (Box<dyn std::error::Error + Send + Sync>, Vec<Pending>);

/// Applies all changes in one transaction. No caller gets a result before all of it is durable.
fn commit(
    shelf: &Shelf,
    durability: Durability,
    caps: SessionLimits,
    changes: Vec<Change>,
) -> Result<Vec<Pending>, Failure> {
    let started = Instant::now();
    let mut pending: Vec<Pending> = Vec::with_capacity(changes.len());
    let apply = || {
        let database = shelf.database()?;
        let mut transaction = database.begin_write()?;
        transaction.set_durability(durability)?;
        let mut tables = Tables::open(&transaction)?;
        let mut failure = None;
        for change in changes {
            let outcome = match change {
                Change::Put {
                    digest,
                    record,
                    now,
                    answer,
                } => later(answer, tables.put(digest, &record, now, caps), &mut pending),
                Change::Replace {
                    digest,
                    before,
                    after,
                    answer,
                } => later(
                    answer,
                    tables.replace(digest, &before, &after),
                    &mut pending,
                ),
                Change::Restore { token, answer } => {
                    later(answer, tables.restore(&token), &mut pending)
                }
                // The thread handles them after all changes.
                Change::Check { .. } | Change::Close { .. } => Ok(()),
                Change::Take { digest, answer } => later(answer, tables.take(digest), &mut pending),
                Change::RemoveUser { user, answer } => {
                    later(answer, tables.remove_user(user), &mut pending)
                }
                Change::Sweep {
                    now,
                    at_most,
                    answer,
                } => later_with(
                    answer,
                    tables.sweep(now, at_most),
                    &mut pending,
                    move |swept| Step {
                        looked_at: swept.looked_at,
                        removed: swept.removed,
                        took: started.elapsed(),
                    },
                ),
                Change::Probe { stored, answer } => {
                    later(answer, tables::probe(&transaction, stored), &mut pending)
                }
            };
            failure = failure.or(outcome.err());
        }
        drop(tables);
        match failure {
            None => Ok(transaction.commit()?),
            Some(error) => Err(error),
        }
    };
    match apply() {
        Ok(()) => Ok(pending),
        Err(error) => Err((error, pending)),
    }
}

/// Holds a result back until the commit. Reports a failure of the change itself at once.
fn later<T: 'static>(
    answer: Answer<T>,
    outcome: Result<T, Box<dyn std::error::Error + Send + Sync>>,
    pending: &mut Vec<Pending>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    later_with(answer, outcome, pending, |value| value)
}

/// Holds a result back until the commit, and completes it with `finish` then.
fn later_with<O: 'static, T: 'static>(
    answer: Answer<T>,
    outcome: Result<O, Box<dyn std::error::Error + Send + Sync>>,
    pending: &mut Vec<Pending>,
    finish: impl FnOnce(O) -> T + 'static,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    match outcome {
        Ok(value) => {
            // The caller may have been dropped and needs no result then.
            pending.push(Box::new(move |committed| {
                drop(answer.send(committed.map(|()| finish(value))));
            }));
            Ok(())
        }
        Err(error) => {
            drop(answer.send(Err(failed(&error))));
            Err(error)
        }
    }
}
