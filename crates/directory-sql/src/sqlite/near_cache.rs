//! Users and keys that were looked up, kept until a transaction of any process changes the file.
//!
//! SQLite's own readers find out whether there is something new from the head of the `-shm` file beside
//! the database: <https://www.sqlite.org/walformat.html> says what stands there. It changes with every
//! transaction, before its writer is told that it is done, so what is read here holds at this moment.

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

/// The first of its two copies.
const HEAD: usize = 48;

/// How many keys are kept: those that services and administrators ask with.
const KEYS: NonZeroUsize = NonZeroUsize::new(1_024).unwrap();

/// A key's realm and digest.
type KeyName = (String, KeyDigest);

/// Users and keys, and the state of the file for which they are right.
pub(super) struct NearRows {
    users: NearCache<Uuid, Arc<User>>,
    keys: NearCache<KeyName, Key>,
    file: WalIndex,
    right_for: Mutex<[u8; HEAD]>,
}

impl NearRows {
    /// `database` must be open, and stay so by one connection at least.
    pub(super) fn beside(database: &Path, room: NonZeroUsize) -> io::Result<Self> {
        Ok(Self {
            users: NearCache::new(room),
            keys: NearCache::new(KEYS),
            file: WalIndex::of(database)?,
            right_for: Mutex::new([0; HEAD]),
        })
    }

    /// Users, if it is known what is new.
    pub(super) fn users(&self) -> Option<&NearCache<Uuid, Arc<User>>> {
        self.is_right().then_some(&self.users)
    }

    /// Keys, likewise.
    pub(super) fn keys(&self) -> Option<&NearCache<KeyName, Key>> {
        self.is_right().then_some(&self.keys)
    }

    /// Forgets everything if the file has changed. Answers whether that could be found out.
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

/// The `-shm` file. It is never closed: a process that closes a file loses all its locks on it, those of
/// SQLite included.
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
