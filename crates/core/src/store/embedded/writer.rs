//! One thread that writes: it gathers the changes that wait and commits them together.

mod change;

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use redb::{CommitError, Durability, StorageError, TableError, TransactionError};
use tokio::sync::oneshot;

use self::change::Answer;
pub(super) use self::change::{Change, Step};
use super::failed;
use super::shelf::Shelf;
use super::tables::{self, Tables};
use crate::error::StoreError;
use crate::store::Caps;

/// How many changes share one commit at the most.
const BATCH: usize = 256;

/// How long nothing is written after the disk refused it.
const CONVALESCENCE: Duration = Duration::from_secs(1);

/// The way to the writing thread, which ends when this is dropped.
pub(super) struct Writer(Sender<Change>);

impl Writer {
    pub(super) fn start(
        shelf: Shelf,
        durability: Durability,
        caps: Caps,
    ) -> Result<Self, StoreError> {
        let (changes, queue) = channel();
        thread::Builder::new()
            .name("token-writer".to_owned())
            .spawn(move || write(&shelf, durability, caps, &queue))
            .map_err(failed)?;
        Ok(Self(changes))
    }

    /// Has a change made, and answers when it is on disk.
    pub(super) async fn apply<T>(
        &self,
        change: impl FnOnce(Answer<T>) -> Change,
    ) -> Result<T, StoreError> {
        let (answer, outcome) = oneshot::channel();
        self.0.send(change(answer)).map_err(failed)?;
        outcome.await.map_err(failed)?
    }
}

fn write(shelf: &Shelf, durability: Durability, caps: Caps, queue: &Receiver<Change>) {
    let mut ill: Option<Illness> = None;
    loop {
        // However many changes come in meanwhile: they are refused, and none of them holds this up.
        if ill.as_ref().is_some_and(|illness| illness.left().is_zero()) {
            ill = heal(shelf);
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
        let (closes, changes): (Vec<_>, Vec<_>) = changes
            .into_iter()
            .partition(|change| matches!(change, Change::Close { .. }));
        // Nobody's answer waits for a sweep that came along with it.
        let (sweeps, changes): (Vec<_>, Vec<_>) = changes
            .into_iter()
            .partition(|change| matches!(change, Change::Sweep { .. }));
        for changes in [changes, sweeps] {
            match &ill {
                Some(illness) => changes
                    .into_iter()
                    .for_each(|one| one.fail(&illness.reason)),
                None if changes.is_empty() => {}
                None => ill = make(shelf, durability, caps, changes),
            }
        }
        if !closes.is_empty() {
            shelf.close();
            closes.into_iter().for_each(Change::closed);
            return;
        }
    }
}

/// Makes all changes or none, and answers those who wait. What ails the disk afterwards, if it does.
fn make(
    shelf: &Shelf,
    durability: Durability,
    caps: Caps,
    changes: Vec<Change>,
) -> Option<Illness> {
    match commit(shelf, durability, caps, changes) {
        Ok(answers) => {
            for answer in answers {
                answer(Ok(()));
            }
            None
        }
        Err((error, answers)) => {
            let reason = error.to_string();
            for answer in answers {
                answer(Err(failed(&reason)));
            }
            if !is_of_the_disk(error.as_ref()) {
                return None;
            }
            // It can be read from soon; with writing we wait, or a full disk would keep us opening
            // and closing.
            heal(shelf).or_else(|| Some(Illness::new(reason)))
        }
    }
}

/// Why nothing is written just now.
struct Illness {
    reason: String,
    until: Instant,
}

impl Illness {
    fn new(reason: String) -> Self {
        Self {
            reason,
            until: Instant::now() + CONVALESCENCE,
        }
    }

    fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

/// Whether redb answers nothing more after it.
fn is_of_the_disk(error: &(dyn std::error::Error + 'static)) -> bool {
    let storage = match error.downcast_ref() {
        Some(error) => Some(error),
        None => match (error.downcast_ref(), error.downcast_ref()) {
            (Some(CommitError::Storage(error)), _)
            | (_, Some(TransactionError::Storage(error))) => Some(error),
            _ => match error.downcast_ref() {
                Some(TableError::Storage(error)) => Some(error),
                _ => None,
            },
        },
    };
    matches!(
        storage,
        Some(StorageError::Io(_) | StorageError::PreviousIo)
    )
}

/// Opens the database anew; what ails it if that cannot be.
fn heal(shelf: &Shelf) -> Option<Illness> {
    shelf
        .reopen()
        .err()
        .map(|error| Illness::new(error.to_string()))
}

/// Sends an outcome that was kept back until the commit.
type Pending = Box<dyn FnOnce(Result<(), StoreError>)>;
type Failure = (Box<dyn std::error::Error + Send + Sync>, Vec<Pending>);

/// Applies all changes in one transaction. Nobody is answered before all of it is durable.
fn commit(
    shelf: &Shelf,
    durability: Durability,
    caps: Caps,
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
                // The thread sees to it after all changes are made.
                Change::Close { .. } => Ok(()),
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

/// Keeps an answer back; answers at once only if the change itself failed.
fn later<T: 'static>(
    answer: Answer<T>,
    outcome: Result<T, Box<dyn std::error::Error + Send + Sync>>,
    pending: &mut Vec<Pending>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    later_with(answer, outcome, pending, |value| value)
}

/// The same, with an answer that is made after the commit.
fn later_with<O: 'static, T: 'static>(
    answer: Answer<T>,
    outcome: Result<O, Box<dyn std::error::Error + Send + Sync>>,
    pending: &mut Vec<Pending>,
    finish: impl FnOnce(O) -> T + 'static,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    match outcome {
        Ok(value) => {
            // Whoever asked may have gone: then nobody needs the answer.
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
