//! The open database. After a write that the disk refused, redb answers nothing more, not even
//! what it has: it is closed and opened anew.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::sleep;
use std::time::Duration;

use redb::backends::InMemoryBackend;
use redb::{Builder, Database, DatabaseError, ReadTransaction, ReadableDatabase as _};

use super::{failed, tables};
use crate::error::StoreError;
use crate::private_file::create_private_file;

/// Between two looks at whether all readers have left.
const GLANCE: Duration = Duration::from_millis(1);

/// Where the open database is, if it is open.
#[derive(Clone)]
pub(super) struct Shelf {
    /// None for one in memory, which no disk fails.
    path: Option<Arc<PathBuf>>,
    database: Arc<RwLock<Option<Arc<Database>>>>,
}

impl Shelf {
    /// Opens the file, makes it if it is missing, repairs it after a crash.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_unless_in_use(path)?.ok_or_else(|| failed("another process has it open"))
    }

    /// The same; `None` if another process has it open.
    pub(super) fn open_unless_in_use(path: &Path) -> Result<Option<Self>, StoreError> {
        create_private_file(path).map_err(failed)?;
        let database = match Builder::new().create(path) {
            Err(DatabaseError::DatabaseAlreadyOpen) => return Ok(None),
            opened => opened.map_err(failed)?,
        };
        tables::create(&database).map_err(failed)?;
        Ok(Some(Self::with(database, Some(path))))
    }

    pub(super) fn in_memory() -> Result<Self, StoreError> {
        let backend = InMemoryBackend::new();
        let database = Builder::new()
            .create_with_backend(backend)
            .map_err(failed)?;
        tables::create(&database).map_err(failed)?;
        Ok(Self::with(database, None))
    }

    fn with(database: Database, path: Option<&Path>) -> Self {
        Self {
            path: path.map(|path| Arc::new(path.to_owned())),
            database: Arc::new(RwLock::new(Some(Arc::new(database)))),
        }
    }

    /// The database. It must not be kept: who waits to open it anew waits for that.
    pub(super) fn database(&self) -> Result<Arc<Database>, StoreError> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        database
            .clone()
            .ok_or_else(|| failed("closed, or being reopened after the disk failed"))
    }

    pub(super) fn read(&self) -> Result<ReadTransaction, StoreError> {
        self.database()?.begin_read().map_err(failed)
    }

    /// Closes it and opens it anew. What fails here is tried again at the next call.
    pub(super) fn reopen(&self) -> Result<(), StoreError> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        self.close();
        let database = open(path)?;
        let mut place = self
            .database
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *place = Some(Arc::new(database));
        Ok(())
    }

    /// Closes the database once all readers have left.
    pub(super) fn close(&self) {
        let before = {
            let mut place = self
                .database
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            place.take()
        };
        if let Some(before) = before {
            while Arc::strong_count(&before) > 1 {
                sleep(GLANCE);
            }
        }
    }
}

fn open(path: &Path) -> Result<Database, StoreError> {
    Builder::new().create(path).map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => failed("another process has it open"),
        error @ (DatabaseError::Storage(_) | _) => failed(error),
    })
}
