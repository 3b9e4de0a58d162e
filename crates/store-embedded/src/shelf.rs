//! The open database. After a write that the disk refused, redb answers nothing more, not even
//! what it has: it is closed and opened anew.

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
use super::failure::failed;
use super::tables;

/// Why there is no answer meanwhile.
pub(crate) const REOPENING: &str = "being reopened after the disk failed";

/// Between two looks at whether all readers have left.
const GLANCE: Duration = Duration::from_millis(1);

/// Where the open database is, if it is open.
#[derive(Clone)]
pub(super) struct Shelf {
    /// None for one in memory, which no disk fails.
    disk: Option<Disk>,
    state: Arc<RwLock<State>>,
}

/// What has become of the database.
enum State {
    Open(Arc<Database>),
    /// It is open for readers: the disk takes no writes.
    Readable(Arc<Database>),
    /// It is closed for a moment.
    Reopening,
    /// It could not be opened again, for this reason.
    Failed(StoreError),
    Closed,
}

/// Why a database could not be opened for writing again.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The disk took no small write. What can be read stayed open, and trying again costs no more than that write.
    Disk(StoreError),
    /// The database could not be synced or opened, which may have read and written all of it.
    Database(StoreError),
}

impl Shelf {
    /// Opens the file, makes it if it is missing, repairs it after a crash.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_unless_in_use(path)?.ok_or_else(|| failed("another process has it open"))
    }

    /// The same; `None` if another process has it open.
    pub(super) fn open_unless_in_use(path: &Path) -> Result<Option<Self>, StoreError> {
        create_private_file(path).map_err(failed)?;
        Self::on(Disk::at(path))
    }

    /// Opens what is on that disk, and makes it if it is empty.
    pub(super) fn on(disk: Disk) -> Result<Option<Self>, StoreError> {
        let Some(storage) = disk.open()? else {
            return Ok(None);
        };
        let database = match Builder::new().create_with_backend(storage) {
            Err(DatabaseError::DatabaseAlreadyOpen) => return Ok(None),
            opened => opened.map_err(failed)?,
        };
        tables::create(&database).map_err(failed)?;
        Ok(Some(Self::with(database, Some(disk))))
    }

    pub(super) fn in_memory() -> Result<Self, StoreError> {
        let backend = InMemoryBackend::new();
        let database = Builder::new()
            .create_with_backend(backend)
            .map_err(failed)?;
        tables::create(&database).map_err(failed)?;
        Ok(Self::with(database, None))
    }

    fn with(database: Database, disk: Option<Disk>) -> Self {
        let state = State::Open(Arc::new(database));
        Self {
            disk,
            state: Arc::new(RwLock::new(state)),
        }
    }

    /// Returns the database that can be written to. It must not be kept: what closes it waits for that.
    pub(super) fn database(&self) -> Result<Arc<Database>, StoreError> {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Open(database) => Ok(Arc::clone(database)),
            State::Readable(_) => Err(failed("the disk takes no writes")),
            state @ (State::Reopening | State::Failed(_) | State::Closed) => Err(why_closed(state)),
        }
    }

    pub(super) fn read(&self) -> Result<ReadTransaction, tables::Error> {
        let database = match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Open(database) | State::Readable(database) => Arc::clone(database),
            state @ (State::Reopening | State::Failed(_) | State::Closed) => {
                return Err(why_closed(state).into());
            }
        };
        Ok(database.begin_read()?)
    }

    /// Returns an error if the database answers nothing more. Writes nothing.
    pub(super) fn check(&self) -> Result<(), tables::Error> {
        Ok(answers(self.database()?.as_ref())?)
    }

    /// Closes the database and opens it again. While the disk takes no writes, it can be read from, and must not be
    /// written to. What fails here is tried again at the next call.
    pub(super) fn reopen(&self) -> Result<(), Refusal> {
        let Some(disk) = &self.disk else {
            return Ok(());
        };
        let probed = disk.probe();
        if (probed.is_err() || disk.is_unsynced()) && !self.is_readable() {
            // What it answers is known by its state.
            let _ = self.open_as(|| Ok(State::Readable(open(disk.open_for_reading()?)?)));
        }
        match probed {
            Ok(()) => {}
            Err(error) if self.is_readable() => return Err(Refusal::Disk(error)),
            Err(error) => return Err(Refusal::Database(error)),
        }
        disk.sync_again(self.is_open()).map_err(Refusal::Database)?;
        let opened = self.open_as(|| Ok(State::Open(open(disk.open_again()?)?)));
        if opened.is_err() {
            let _ = self.open_as(|| Ok(State::Readable(open(disk.open_for_reading()?)?)));
        }
        opened.map_err(Refusal::Database)
    }

    /// Returns whether the database is open for readers only, and answers them.
    pub(super) fn is_readable(&self) -> bool {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Readable(database) => answers(database).is_ok(),
            State::Open(_) | State::Reopening | State::Failed(_) | State::Closed => false,
        }
    }

    /// Returns whether the storage is locked by this process.
    fn is_open(&self) -> bool {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        matches!(&*state, State::Open(_) | State::Readable(_))
    }

    /// Closes what is open, and opens it so.
    fn open_as(&self, open: impl FnOnce() -> Result<State, StoreError>) -> Result<(), StoreError> {
        self.leave(State::Reopening);
        let (state, outcome) = match open() {
            Ok(state) => (state, Ok(())),
            Err(error) => (State::Failed(error.clone()), Err(error)),
        };
        drop(self.enter(state));
        outcome
    }

    /// Closes the database once all readers have left.
    pub(super) fn close(&self) {
        self.leave(State::Closed);
    }

    /// Closes the database, if it is open.
    fn leave(&self, next: State) {
        if let State::Open(before) | State::Readable(before) = self.enter(next) {
            while Arc::strong_count(&before) > 1 {
                sleep(GLANCE);
            }
        }
    }

    /// Puts a state in the place of the one before, and returns that.
    fn enter(&self, next: State) -> State {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *state, next)
    }
}

fn why_closed(state: &State) -> StoreError {
    match state {
        State::Failed(error) => error.clone(),
        State::Closed => failed("closed"),
        State::Open(_) | State::Readable(_) | State::Reopening => failed(REOPENING),
    }
}

/// Fails if redb answers nothing more: it says so before a transaction begins, which ends here without a change.
fn answers(database: &Database) -> Result<(), TransactionError> {
    database.try_begin_write().map(drop)
}

fn open(storage: impl StorageBackend) -> Result<Arc<Database>, StoreError> {
    let opened = Builder::new().create_with_backend(storage);
    opened.map(Arc::new).map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => failed("another process has it open"),
        error @ (DatabaseError::Storage(_) | _) => failed(error),
    })
}
