//! Users that were looked up, kept until a transaction of any process changes the file.
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
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use crate::near::{Near, NearStatus, Ticket};
use crate::user::User;

/// The first of its two copies.
const HEAD: usize = 48;

/// Users, and the state of the file for which they are right.
pub(super) struct NearUsers {
    near: Near<Uuid, User>,
    file: WalIndex,
    right_for: Mutex<[u8; HEAD]>,
}

impl NearUsers {
    /// `database` must be open, and stay so by one connection at least.
    pub(super) fn beside(database: &Path, room: NonZeroUsize) -> io::Result<Self> {
        Ok(Self {
            near: Near::new(room),
            file: WalIndex::of(database)?,
            right_for: Mutex::new([0; HEAD]),
        })
    }

    /// The user, or the right to keep who is found; neither if it is not known what is new.
    pub(super) fn find(&self, id: Uuid) -> Option<Result<User, Ticket>> {
        let head = self.file.head().ok()?;
        let mut right_for = self
            .right_for
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if *right_for != head {
            self.near.clear();
            *right_for = head;
        }
        drop(right_for);
        Some(self.near.find(&id))
    }

    pub(super) fn keep(&self, user: User, ticket: Ticket) {
        self.near.keep(user.id, user, ticket);
    }

    pub(super) fn status(&self) -> NearStatus {
        self.near.status()
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
