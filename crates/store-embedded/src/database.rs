//! The open database, which is closed and opened again after an error of the disk.
//!
//! After a failed write, redb rejects everything, even reads.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::sleep;
use std::time::Duration;

use isogloss_core::{StoreError, create_private_file};
use redb::backends::InMemoryBackend;
use redb::{
    Builder, Database, DatabaseError, ReadTransaction, ReadableDatabase as _, StorageBackend,
    TransactionError,
};

use super::disk::Disk;
use super::error::store_error;
use super::tables;

/// The error while the database is closed to be opened again.
pub(crate) const REOPENING: &str = "being reopened after the disk failed";

/// Interval of the checks whether all readers have finished.
const POLL_INTERVAL: Duration = Duration::from_millis(1);

/// The database that is open, if any.
#[derive(Clone)]
pub(super) struct ReopenableDatabase {
    /// `None` for a database in memory, which no disk error can affect.
    disk: Option<Disk>,
    state: Arc<RwLock<State>>,
}

/// The state of the database.
enum State {
    Open(Arc<Database>),
    /// Open for reads only: the disk accepts no writes.
    Readable(Arc<Database>),
    /// Closed for a short time.
    Reopening,
    /// It could not be opened again, for this reason.
    Failed(StoreError),
    Closed,
}

/// Why a database could not be opened again for writing.
#[derive(Debug)]
pub(super) enum ReopenError {
    /// The disk did not accept a small write. The database stays open for reads, and trying again costs only that
    /// write.
    Disk(StoreError),
    /// The database could not be synced or opened. The attempt may have read and written all of it.
    Database(StoreError),
}

impl ReopenableDatabase {
    /// Opens the file, creates it if it is missing, and repairs it after a crash. Fails if another process
    /// has it open, or it cannot be read or written.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_unless_in_use(path)?.ok_or_else(|| store_error("another process has it open"))
    }

    /// Opens the file, creates it if it is missing, and repairs it after a crash. `None` if another process
    /// has it open. Fails if it cannot be read or written.
    pub(super) fn open_unless_in_use(path: &Path) -> Result<Option<Self>, StoreError> {
        create_private_file(path).map_err(store_error)?;
        Self::on(Disk::at(path))
    }

    /// Opens the database on a disk, and creates it if the disk is empty. `None` if another process has it
    /// open. Fails if the disk cannot be read or written.
    pub(super) fn on(disk: Disk) -> Result<Option<Self>, StoreError> {
        let Some(storage) = disk.open()? else {
            return Ok(None);
        };
        let database = match Builder::new().create_with_backend(storage) {
            Err(DatabaseError::DatabaseAlreadyOpen) => return Ok(None),
            opened => opened.map_err(store_error)?,
        };
        tables::create(&database).map_err(store_error)?;
        Ok(Some(Self::with(database, Some(disk))))
    }

    pub(super) fn in_memory() -> Result<Self, StoreError> {
        let backend = InMemoryBackend::new();
        let database = Builder::new()
            .create_with_backend(backend)
            .map_err(store_error)?;
        tables::create(&database).map_err(store_error)?;
        Ok(Self::with(database, None))
    }

    fn with(database: Database, disk: Option<Disk>) -> Self {
        let state = State::Open(Arc::new(database));
        Self {
            disk,
            state: Arc::new(RwLock::new(state)),
        }
    }

    /// Returns the database for writing. The caller must drop it soon, as closing the database waits for
    /// that. Fails if the database is closed or open for reads only.
    pub(super) fn writable(&self) -> Result<Arc<Database>, StoreError> {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Open(database) => Ok(Arc::clone(database)),
            State::Readable(_) => Err(store_error("the disk takes no writes")),
            state @ (State::Reopening | State::Failed(_) | State::Closed) => {
                Err(closed_error(state))
            }
        }
    }

    pub(super) fn read(&self) -> Result<ReadTransaction, tables::Error> {
        let database = match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Open(database) | State::Readable(database) => Arc::clone(database),
            state @ (State::Reopening | State::Failed(_) | State::Closed) => {
                return Err(closed_error(state).into());
            }
        };
        Ok(database.begin_read()?)
    }

    /// Fails if the database rejects everything, is closed or is open for reads only. Writes nothing.
    pub(super) fn check(&self) -> Result<(), tables::Error> {
        Ok(accepts_transactions(self.writable()?.as_ref())?)
    }

    /// Closes the database and opens it again. Does nothing if the database has no disk. While the disk accepts no
    /// writes, the database is opened for reads only, and the call fails. After an error, the next call tries again.
    pub(super) fn reopen(&self) -> Result<(), ReopenError> {
        let Some(disk) = &self.disk else {
            return Ok(());
        };
        let probed = disk.probe();
        if (probed.is_err() || disk.is_unsynced()) && !self.is_readable() {
            // The state shows the outcome.
            let _ = self.open_as(|| Ok(State::Readable(open(disk.open_for_reading()?)?)));
        }
        match probed {
            Ok(()) => {}
            Err(error) if self.is_readable() => return Err(ReopenError::Disk(error)),
            Err(error) => return Err(ReopenError::Database(error)),
        }
        disk.sync_again(self.is_open())
            .map_err(ReopenError::Database)?;
        let opened = self.open_as(|| Ok(State::Open(open(disk.open_again()?)?)));
        if opened.is_err() {
            let _ = self.open_as(|| Ok(State::Readable(open(disk.open_for_reading()?)?)));
        }
        opened.map_err(ReopenError::Database)
    }

    /// Returns whether the database is open for reads only, and reads work.
    pub(super) fn is_readable(&self) -> bool {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Readable(database) => accepts_transactions(database).is_ok(),
            State::Open(_) | State::Reopening | State::Failed(_) | State::Closed => false,
        }
    }

    /// Returns whether the database is open, so that this process has locked the storage.
    fn is_open(&self) -> bool {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        matches!(&*state, State::Open(_) | State::Readable(_))
    }

    /// Closes the open database, and opens it with `open`. Fails if `open` fails; the database stays closed
    /// then.
    fn open_as(&self, open: impl FnOnce() -> Result<State, StoreError>) -> Result<(), StoreError> {
        self.close_into(State::Reopening);
        let (state, outcome) = match open() {
            Ok(state) => (state, Ok(())),
            Err(error) => (State::Failed(error.clone()), Err(error)),
        };
        drop(self.replace_state(state));
        outcome
    }

    /// Closes the database after all readers have finished.
    pub(super) fn close(&self) {
        self.close_into(State::Closed);
    }

    /// Sets the next state. If the database was open, closes it after all readers have finished.
    fn close_into(&self, next: State) {
        if let State::Open(before) | State::Readable(before) = self.replace_state(next) {
            while Arc::strong_count(&before) > 1 {
                sleep(POLL_INTERVAL);
            }
        }
    }

    /// Sets the state, and returns the previous one.
    fn replace_state(&self, next: State) -> State {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *state, next)
    }
}

fn closed_error(state: &State) -> StoreError {
    match state {
        State::Failed(error) => error.clone(),
        State::Closed => store_error("closed"),
        State::Open(_) | State::Readable(_) | State::Reopening => store_error(REOPENING),
    }
}

/// Fails if redb rejects everything, which it reports before a transaction begins. The transaction that is
/// begun here ends without a change.
fn accepts_transactions(database: &Database) -> Result<(), TransactionError> {
    database.try_begin_write().map(drop)
}

fn open(storage: impl StorageBackend) -> Result<Arc<Database>, StoreError> {
    let opened = Builder::new().create_with_backend(storage);
    opened.map(Arc::new).map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => store_error("another process has it open"),
        error @ (DatabaseError::Storage(_) | _) => store_error(error),
    })
}
