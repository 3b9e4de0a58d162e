//! A near cache of users and keys, valid until a transaction of any process changes the file.
//!
//! SQLite's own readers detect changes from the header of the `-shm` file next to the database, as described in
//! <https://www.sqlite.org/walformat.html>. The header changes with every transaction, before its writer gets the
//! result. So the entries are valid at the time of the lookup.

use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::num::NonZeroUsize;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use isogloss_core::backend::NearCache;
use isogloss_core::directory::KeyDigest;
use isogloss_core::{Key, NearCacheStatus, User};
use uuid::Uuid;

/// The size in bytes of the first of the header's two copies.
const HEAD: usize = 48;

/// How many application keys are cached: those with which services and administrators send requests.
const KEYS: NonZeroUsize = NonZeroUsize::new(1_024).unwrap();

/// The realm and digest of a key.
type KeyName = (String, KeyDigest);

/// Cached users and keys, and the state of the file for which they are valid.
pub(super) struct NearRows {
    users: NearCache<Uuid, Arc<User>>,
    keys: NearCache<KeyName, Key>,
    file: WalIndex,
    right_for: Mutex<[u8; HEAD]>,
}

impl NearRows {
    /// Creates an empty cache for up to `room` users. At least one connection must keep `database` open. Fails if
    /// its `-shm` file cannot be opened.
    pub(super) fn beside(database: &Path, room: NonZeroUsize) -> io::Result<Self> {
        Ok(Self {
            users: NearCache::new(room),
            keys: NearCache::new(KEYS),
            file: WalIndex::of(database)?,
            right_for: Mutex::new([0; HEAD]),
        })
    }

    /// Returns the cached users; `None` if it cannot be determined whether the file has changed.
    pub(super) fn users(&self) -> Option<&NearCache<Uuid, Arc<User>>> {
        self.is_right().then_some(&self.users)
    }

    /// Returns the cached keys; `None` if it cannot be determined whether the file has changed.
    pub(super) fn keys(&self) -> Option<&NearCache<KeyName, Key>> {
        self.is_right().then_some(&self.keys)
    }

    /// Removes all entries if the file has changed since the last call. Returns true unless it cannot be determined
    /// whether the file has changed.
    fn is_right(&self) -> bool {
        let Ok(head) = self.file.head() else {
            return false;
        };
        let mut right_for = self
            .right_for
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if *right_for != head {
            self.users.clear();
            self.keys.clear();
            *right_for = head;
        }
        true
    }

    pub(super) fn status(&self) -> NearCacheStatus {
        self.users.status()
    }
}

/// The `-shm` file. It is never closed, because a process that closes a file loses all its POSIX locks on it,
/// including SQLite's.
struct WalIndex(ManuallyDrop<File>);

impl WalIndex {
    fn of(database: &Path) -> io::Result<Self> {
        let mut path = database.as_os_str().to_owned();
        path.push("-shm");
        Ok(Self(ManuallyDrop::new(File::open(path)?)))
    }

    fn head(&self) -> io::Result<[u8; HEAD]> {
        let mut head = [0; HEAD];
        self.0.read_exact_at(&mut head, 0)?;
        Ok(head)
    }
}
