//! The storage below the database. After a failed sync, it is written again before it is trusted.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use isogloss_core::StoreError;
use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};

use super::error::store_error;
use super::overlay::Overlay;

/// What is written to check that the disk accepts writes.
pub(crate) const PROBE: [u8; 16 * 1024] = [0; 16 * 1024];

/// Number of bytes that are read and written at a time.
const CHUNK: usize = 1 << 20;

/// Offset of redb's flags in the file, after its magic number.
const FLAGS: u64 = 9;

/// Flag of a database that is open, or was not closed properly.
const RECOVERY_REQUIRED: u8 = 2;

/// Opens the storage. Does not create it: where the storage is missing, so are all tokens.
type Open = dyn Fn() -> io::Result<Box<dyn StorageBackend>> + Send + Sync;

/// Writes a small file next to the storage, syncs it and removes it.
type Probe = dyn Fn() -> io::Result<()> + Send + Sync;

/// A storage that a database can be opened from repeatedly.
#[derive(Clone)]
pub(super) struct Disk {
    open: Arc<Open>,
    probe: Arc<Probe>,
    /// Whether written data may exist only in the memory of the operating system.
    unsynced: Arc<AtomicBool>,
}

impl Disk {
    pub(super) fn at(path: &Path) -> Self {
        let (path, probed) = (path.to_owned(), path.to_owned());
        let open = move || -> io::Result<Box<dyn StorageBackend>> {
            let file = OpenOptions::new().read(true).write(true).open(&path)?;
            let backend = FileBackend::new(file).map_err(io::Error::other)?;
            Ok(Box::new(backend))
        };
        Self::with(open, move || probe_beside(&probed))
    }

    pub(super) fn with(
        open: impl Fn() -> io::Result<Box<dyn StorageBackend>> + Send + Sync + 'static,
        probe: impl Fn() -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self {
            open: Arc::new(open),
            probe: Arc::new(probe),
            unsynced: Arc::default(),
        }
    }

    /// Opens the storage of a database, which may be empty. `None` if another process has it open. Fails if
    /// the storage is missing, or cannot be read or written.
    ///
    /// A database that was not closed properly may belong to a process that saw a sync fail, so it is written
    /// again before it is used, as in [`Self::sync_again`].
    pub(super) fn open(&self) -> Result<Option<Synced>, StoreError> {
        let storage = (self.open)().map_err(store_error)?;
        if was_left_open(storage.as_ref()).map_err(store_error)? {
            if !lock(storage.as_ref())? {
                return Ok(None);
            }
            self.unsynced.store(true, Ordering::Release);
            self.rewrite(storage.as_ref())?;
        }
        Ok(Some(self.synced(storage)))
    }

    /// Opens the storage of an existing database to read its content while the disk accepts no writes. Fails
    /// if the storage is missing, empty or unreadable.
    pub(super) fn open_for_reading(&self) -> Result<Overlay, StoreError> {
        let storage = with_content((self.open)().map_err(store_error)?)?;
        Overlay::over(storage).map_err(store_error)
    }

    /// Opens the storage of an existing database after an error of the disk. Fails if the storage is missing,
    /// empty or unreadable.
    pub(super) fn open_again(&self) -> Result<Synced, StoreError> {
        let storage = with_content((self.open)().map_err(store_error)?)?;
        Ok(self.synced(storage))
    }

    /// Fails if the disk does not accept a small write.
    pub(super) fn probe(&self) -> Result<(), StoreError> {
        (self.probe)().map_err(store_error)
    }

    /// Returns whether a sync has failed, so that [`Self::sync_again`] must write the storage again.
    pub(super) fn is_unsynced(&self) -> bool {
        self.unsynced.load(Ordering::Acquire)
    }

    /// Writes the whole storage again if a sync has failed. Readers are not disturbed, as nothing changes.
    /// Fails if the storage cannot be written and synced, or if it must be locked (`is_locked` is false) and
    /// another process has locked it.
    ///
    /// After a failed sync, Linux treats the data that it could not write as written: it is read from memory
    /// as if it were on the disk, the next sync does not report it, and a crash loses it together with
    /// everything that was committed on top of it. So everything is written again, and must reach the disk.
    pub(super) fn sync_again(&self, is_locked: bool) -> Result<(), StoreError> {
        if !self.is_unsynced() {
            return Ok(());
        }
        let storage = with_content((self.open)().map_err(store_error)?)?;
        if !is_locked && !lock(storage.as_ref())? {
            return Err(store_error("another process has it open"));
        }
        self.rewrite(storage.as_ref())
    }

    /// Writes the existing content again, and syncs it. Fails if it cannot be read, written or synced.
    fn rewrite(&self, storage: &dyn StorageBackend) -> Result<(), StoreError> {
        rewrite(storage).map_err(|error| {
            store_error(format_args!(
                "the file was not closed in order or not synced, and cannot be written once more: {error}"
            ))
        })?;
        self.unsynced.store(false, Ordering::Release);
        Ok(())
    }

    fn synced(&self, storage: Box<dyn StorageBackend>) -> Synced {
        Synced {
            storage,
            unsynced: Arc::clone(&self.unsynced),
        }
    }
}

/// Returns the storage. Fails if it is empty, as a database without tokens would be created in it.
fn with_content(storage: Box<dyn StorageBackend>) -> Result<Box<dyn StorageBackend>, StoreError> {
    if storage.len().map_err(store_error)? == 0 {
        return Err(store_error("the file is empty, restore it from a backup"));
    }
    Ok(storage)
}

/// Returns whether the database is open, or was not closed properly: redb has a flag for that at the
/// beginning of the file (`docs/design.md` of redb, "Database header"). Fails if the storage cannot be read.
fn was_left_open(storage: &dyn StorageBackend) -> io::Result<bool> {
    if storage.len()? <= FLAGS {
        return Ok(false);
    }
    let mut flags = [0];
    storage.read(FLAGS, &mut flags)?;
    Ok(flags[0] & RECOVERY_REQUIRED != 0)
}

/// Locks the storage until it is closed. Returns `false` if another process has locked it. A storage without locks
/// counts as locked. Fails if locking fails for another reason.
fn lock(storage: &dyn StorageBackend) -> Result<bool, StoreError> {
    match storage.try_lock_range(Bound::Unbounded, Bound::Unbounded) {
        Ok(is_locked) => Ok(is_locked),
        Err(BackendError::Unsupported) => Ok(true),
        Err(error) => Err(store_error(io::Error::from(error))),
    }
}

/// Writes a small file in the folder of `path` and syncs it. The file has no name, and is removed when it is
/// closed. Fails if the disk does not accept it. Succeeds if the folder is not writable, as the database may
/// be writable nevertheless.
fn probe_beside(path: &Path) -> io::Result<()> {
    let path = path.canonicalize()?;
    let Some(folder) = path.parent() else {
        return Ok(());
    };
    let mut file = match tempfile::tempfile_in(folder) {
        // The folder is not writable. The database may be writable nevertheless.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(()),
        made => made?,
    };
    file.write_all(&PROBE)?;
    file.sync_all()
}

/// Reads the whole content of the storage, writes it again unchanged, and syncs it. Fails if it cannot be read,
/// written or synced.
fn rewrite(storage: &dyn StorageBackend) -> io::Result<()> {
    let length = storage.len()?;
    let mut bytes = vec![0; CHUNK];
    let mut offset = 0;
    while offset < length {
        let left = usize::try_from(length - offset).unwrap_or(CHUNK);
        let chunk = &mut bytes[..left.min(CHUNK)];
        storage.read(offset, chunk)?;
        storage.write(offset, chunk)?;
        offset += chunk.len() as u64;
    }
    storage.sync_data()
}

/// A storage that records a failed sync.
pub(super) struct Synced {
    storage: Box<dyn StorageBackend>,
    unsynced: Arc<AtomicBool>,
}

impl fmt::Debug for Synced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.storage.fmt(f)
    }
}

impl StorageBackend for Synced {
    fn len(&self) -> io::Result<u64> {
        self.storage.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.storage.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.storage.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        let synced = self.storage.sync_data();
        if synced.is_err() {
            self.unsynced.store(true, Ordering::Release);
        }
        synced
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.storage.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.storage.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.storage.try_lock_range(start, end)
    }

    fn try_lock_shared_range(
        &self,
        start: Bound<u64>,
        end: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.storage.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.storage.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.storage.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.storage.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.storage.query_lock_range(start, end)
    }
}
