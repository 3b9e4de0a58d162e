//! The open database. After a write that the disk refused, redb answers nothing more, not even
//! what it has: it is closed and opened anew.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::sleep;
use std::time::Duration;

use redb::backends::InMemoryBackend;
use redb::{
    Builder, Database, DatabaseError, ReadTransaction, ReadableDatabase as _, StorageBackend,
};

use super::disk::Disk;
use super::{failed, tables};
use crate::error::StoreError;
use crate::private_file::create_private_file;

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
    /// It is closed for a moment.
    Reopening,
    /// It could not be opened anew, for this reason.
    Failed(StoreError),
    Closed,
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
        let database = match Builder::new().create_with_backend(disk.open()?) {
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

    /// The database. It must not be kept: what closes it waits for that.
    pub(super) fn database(&self) -> Result<Arc<Database>, StoreError> {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Open(database) => Ok(Arc::clone(database)),
            State::Reopening => Err(failed("being reopened after the disk failed")),
            State::Failed(error) => Err(error.clone()),
            State::Closed => Err(failed("closed")),
        }
    }

    pub(super) fn read(&self) -> Result<ReadTransaction, tables::Error> {
        Ok(self.database()?.begin_read()?)
    }

    /// Closes it and opens it anew. If that fails because the disk takes no writes, it can be read from then on,
    /// and must not be written to. What fails here is tried again at the next call.
    pub(super) fn reopen(&self) -> Result<(), StoreError> {
        let Some(disk) = &self.disk else {
            return Ok(());
        };
        self.leave(State::Reopening);
        let opened = disk.open_again().and_then(open);
        let (state, outcome) = match opened {
            Ok(database) => (State::Open(Arc::new(database)), Ok(())),
            Err(error) => {
                let readable = disk.open_for_reading().and_then(open);
                let state = match readable {
                    Ok(database) => State::Open(Arc::new(database)),
                    Err(_) => State::Failed(error.clone()),
                };
                (state, Err(error))
            }
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
        if let State::Open(before) = self.enter(next) {
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

fn open(storage: impl StorageBackend) -> Result<Database, StoreError> {
    let opened = Builder::new().create_with_backend(storage);
    opened.map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => failed("another process has it open"),
        error @ (DatabaseError::Storage(_) | _) => failed(error),
    })
}
