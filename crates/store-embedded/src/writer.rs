//! The writing thread, which commits all waiting changes together.

mod change;
mod retry_delay;

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use redb::Durability;
use tokio::sync::oneshot;

use self::change::Responder;
pub(super) use self::change::{Change, Step};
use self::retry_delay::RetryDelays;
use super::database::{ReopenError, ReopenableDatabase};
use super::error::{needs_reopening, store_error};
use super::tables::{self, Tables};
use isogloss_core::StoreError;
use isogloss_core::store::SessionLimits;

/// Maximum number of changes in one commit.
const BATCH: usize = 256;

/// The queue of the writing thread. The thread ends when this is dropped.
pub(super) struct Writer(Sender<Change>);

impl Writer {
    pub(super) fn start(
        database: ReopenableDatabase,
        durability: Durability,
        caps: SessionLimits,
    ) -> Result<Self, StoreError> {
        let (changes, queue) = channel();
        thread::Builder::new()
            .name("token-writer".to_owned())
            .spawn(move || write(&database, durability, caps, &queue))
            .map_err(store_error)?;
        Ok(Self(changes))
    }

    /// Sends a change to the writing thread, and returns its result when it is durable. Fails if the change
    /// was not made, or the thread has ended.
    pub(super) async fn apply<T>(
        &self,
        change: impl FnOnce(Responder<T>) -> Change,
    ) -> Result<T, StoreError> {
        let (responder, outcome) = oneshot::channel();
        self.0.send(change(responder)).map_err(store_error)?;
        outcome.await.map_err(store_error)?
    }
}

fn write(
    database: &ReopenableDatabase,
    durability: Durability,
    caps: SessionLimits,
    queue: &Receiver<Change>,
) {
    let mut delays = RetryDelays::default();
    let mut outage: Option<WriteOutage> = None;
    loop {
        // Checked first: the changes that keep arriving are refused, and must not delay this.
        if outage
            .as_ref()
            .is_some_and(|outage| outage.left().is_zero())
        {
            outage = database
                .reopen()
                .err()
                .map(|error| WriteOutage::from_reopen_error(error, &mut delays));
        }
        let received = match &outage {
            None => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(outage) => queue.recv_timeout(outage.left()),
        };
        let first = match received {
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
            match &outage {
                Some(outage) => changes.into_iter().for_each(|one| one.fail(&outage.reason)),
                None if changes.is_empty() => {}
                None => match make(database, durability, caps, changes) {
                    Ok(()) => delays = RetryDelays::default(),
                    Err(reason) => outage = Some(reopen(database, reason, &mut delays)),
                },
            }
        }
        if !checks.is_empty() && outage.is_none() {
            outage = match database.check() {
                Err(error) if needs_reopening(error.as_ref()) => {
                    Some(reopen(database, error.to_string(), &mut delays))
                }
                Ok(()) | Err(_) => None,
            };
        }
        checks.into_iter().for_each(Change::done);
        if !closes.is_empty() {
            database.close();
            closes.into_iter().for_each(Change::done);
            return;
        }
    }
}

/// Returns the changes for which `is_wanted` is true, and the others.
fn split(changes: Vec<Change>, is_wanted: fn(&Change) -> bool) -> (Vec<Change>, Vec<Change>) {
    changes.into_iter().partition(is_wanted)
}

/// Makes all changes or none, and reports the outcome to each caller. Fails, with the reason, if the database
/// needs reopening.
fn make(
    database: &ReopenableDatabase,
    durability: Durability,
    caps: SessionLimits,
    changes: Vec<Change>,
) -> Result<(), String> {
    match commit(database, durability, caps, changes) {
        Ok(responders) => {
            for responder in responders {
                responder(Ok(()));
            }
            Ok(())
        }
        Err((error, responders)) => {
            let reason = error.to_string();
            for responder in responders {
                responder(Err(store_error(&reason)));
            }
            if needs_reopening(error.as_ref()) {
                return Err(reason);
            }
            Ok(())
        }
    }
}

/// Opens the database again, for readers. Returns an outage of writing in any case: otherwise, a full disk
/// would make the thread open and close the database all the time.
fn reopen(database: &ReopenableDatabase, reason: String, delays: &mut RetryDelays) -> WriteOutage {
    match database.reopen() {
        Ok(()) => WriteOutage::new(reason, delays.next()),
        Err(error) => WriteOutage::from_reopen_error(error, delays),
    }
}

/// Why writing pauses, and until when.
struct WriteOutage {
    reason: String,
    until: Instant,
}

impl WriteOutage {
    fn new(reason: String, pause: Duration) -> Self {
        Self {
            reason,
            until: Instant::now() + pause,
        }
    }

    fn from_reopen_error(error: ReopenError, delays: &mut RetryDelays) -> Self {
        match error {
            ReopenError::Disk(error) => Self::new(error.to_string(), retry_delay::FIRST),
            ReopenError::Database(error) => Self::new(error.to_string(), delays.next()),
        }
    }

    fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

/// Sends an outcome that was held back until the commit.
type Pending = Box<dyn FnOnce(Result<(), StoreError>)>;
type Failure = (Box<dyn std::error::Error + Send + Sync>, Vec<Pending>);

/// Applies all changes in one transaction. Returns functions that send each caller its result, as no caller
/// may get one before all of it is durable. Fails with the error and those functions if the transaction
/// fails.
fn commit(
    database: &ReopenableDatabase,
    durability: Durability,
    caps: SessionLimits,
    changes: Vec<Change>,
) -> Result<Vec<Pending>, Failure> {
    let started = Instant::now();
    let mut pending: Vec<Pending> = Vec::with_capacity(changes.len());
    let apply = || {
        let open = database.writable()?;
        let mut transaction = open.begin_write()?;
        transaction.set_durability(durability)?;
        let mut tables = Tables::open(&transaction)?;
        let mut failure = None;
        for change in changes {
            let outcome = match change {
                Change::Put {
                    digest,
                    record,
                    now,
                    responder,
                } => later(
                    responder,
                    tables.put(digest, &record, now, caps),
                    &mut pending,
                ),
                Change::Replace {
                    digest,
                    before,
                    after,
                    responder,
                } => later(
                    responder,
                    tables.replace(digest, &before, &after),
                    &mut pending,
                ),
                Change::Restore { token, responder } => {
                    later(responder, tables.restore(&token), &mut pending)
                }
                // The thread handles them after all changes.
                Change::Check { .. } | Change::Close { .. } => Ok(()),
                Change::Take { digest, responder } => {
                    later(responder, tables.take(digest), &mut pending)
                }
                Change::RemoveUser { user, responder } => {
                    later(responder, tables.remove_user(user), &mut pending)
                }
                Change::Sweep {
                    now,
                    at_most,
                    responder,
                } => later_with(
                    responder,
                    tables.sweep(now, at_most),
                    &mut pending,
                    move |swept| Step {
                        looked_at: swept.looked_at,
                        removed: swept.removed,
                        took: started.elapsed(),
                    },
                ),
                Change::Probe { stored, responder } => {
                    later(responder, tables::probe(&transaction, stored), &mut pending)
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

/// Holds the result of a change back until the commit. If the change itself failed, reports that to the
/// caller at once, and returns the error.
fn later<T: 'static>(
    responder: Responder<T>,
    outcome: Result<T, Box<dyn std::error::Error + Send + Sync>>,
    pending: &mut Vec<Pending>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    later_with(responder, outcome, pending, |value| value)
}

/// Holds the result of a change back until the commit, and completes it with `finish` then. If the change
/// itself failed, reports that to the caller at once, and returns the error.
fn later_with<O: 'static, T: 'static>(
    responder: Responder<T>,
    outcome: Result<O, Box<dyn std::error::Error + Send + Sync>>,
    pending: &mut Vec<Pending>,
    finish: impl FnOnce(O) -> T + 'static,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    match outcome {
        Ok(value) => {
            // The caller may have been dropped and needs no result then.
            pending.push(Box::new(move |committed| {
                drop(responder.send(committed.map(|()| finish(value))));
            }));
            Ok(())
        }
        Err(error) => {
            drop(responder.send(Err(store_error(&error))));
            Err(error)
        }
    }
}
