//! Connections for lookups at the one primary, while it tells of changes: the one that it tells them by, which
//! all may share, and for each thread that answers requests one of its own. What drives that one runs on the
//! same thread: an answer wakes no other.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::{self, ThreadId};

use ::redis::aio::MultiplexedConnection;
use ::redis::{ConnectionInfo, RedisResult};
use tokio::runtime::{Handle, RuntimeFlavor};

use super::dialer::Dialer;
use super::doorman::ask_for_role;

/// Those connections.
pub(super) struct Wires {
    /// Whether threads have their own.
    are_own: bool,
    open: RwLock<Open>,
}

#[derive(Default)]
struct Open {
    /// Grows whenever all are given up.
    epoch: u64,
    shared: Option<Shared>,
    own: HashMap<ThreadId, Own>,
}

struct Shared {
    server: ConnectionInfo,
    connection: MultiplexedConnection,
}

/// What a thread has of its own.
enum Own {
    /// Nothing, now or until all is made anew: it makes do with the shared one.
    Nothing,
    Connection(MultiplexedConnection),
}

impl Wires {
    pub(super) fn new(are_own: bool) -> Self {
        let open = RwLock::default();
        Self { are_own, open }
    }

    /// Lets lookups go to that server, until [`close`](Self::close). It tells of changes by that connection.
    pub(super) fn open(&self, server: &ConnectionInfo, connection: &MultiplexedConnection) {
        self.write().shared.get_or_insert_with(|| Shared {
            server: server.clone(),
            connection: connection.clone(),
        });
    }

    /// Gives all connections up.
    pub(super) fn close(&self) {
        let mut open = self.write();
        *open = Open {
            epoch: open.epoch + 1,
            ..Open::default()
        };
    }

    /// The connection to ask by from this thread. Its own is made at the first time, and used once it is there.
    pub(super) fn get(self: &Arc<Self>, dialer: &Dialer) -> Option<MultiplexedConnection> {
        let thread = thread::current().id();
        let open = self.read();
        let shared = open.shared.as_ref()?;
        match open.own.get(&thread) {
            Some(Own::Connection(connection)) => return Some(connection.clone()),
            None if self.are_own && stays_on_its_thread() => {}
            Some(Own::Nothing) | None => return Some(shared.connection.clone()),
        }
        let (server, connection) = (shared.server.clone(), shared.connection.clone());
        let epoch = open.epoch;
        drop(open);
        self.write().own.insert(thread, Own::Nothing);
        let (wires, dialer) = (Arc::clone(self), dialer.clone());
        tokio::spawn(async move {
            if let Ok(made) = dial(&dialer, &server).await {
                wires.keep(thread, epoch, made);
            }
        });
        Some(connection)
    }

    /// A connection is of no use any more. If it was this thread's own, another one is made.
    pub(super) fn is_broken(&self) {
        let (thread, mut open) = (thread::current().id(), self.write());
        if let Some(Own::Connection(_)) = open.own.get(&thread) {
            open.own.remove(&thread);
        }
    }

    fn keep(&self, thread: ThreadId, epoch: u64, connection: MultiplexedConnection) {
        let mut open = self.write();
        if open.epoch == epoch {
            open.own.insert(thread, Own::Connection(connection));
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Open> {
        self.open.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Open> {
        self.open.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether what is started here runs on this thread for as long as there is the thread's runtime.
fn stays_on_its_thread() -> bool {
    let runtime = Handle::try_current();
    runtime.is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::CurrentThread)
}

/// A connection to what has shown that it is a primary.
async fn dial(dialer: &Dialer, server: &ConnectionInfo) -> RedisResult<MultiplexedConnection> {
    let mut connection = dialer.dial_here(server).await?;
    ask_for_role(&mut connection).await?;
    Ok(connection)
}
