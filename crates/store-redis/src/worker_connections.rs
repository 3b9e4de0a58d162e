//! Connections for lookups at the only primary, while it sends invalidations.
//!
//! All threads may share the connection that receives the invalidations. Each thread that serves requests can
//! also have a connection of its own. The task that drives it runs on the same thread, so a response wakes no
//! other thread.

use std::collections::HashMap;
use std::mem::take;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::{self, ThreadId};
use std::time::Duration;

use futures_util::future::join_all;
use isogloss_core::StoreError;
use redis::aio::MultiplexedConnection;
use redis::{ConnectionInfo, ErrorKind, RedisError, RedisResult, cmd};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::time::sleep;
use tracing::debug;

use super::connector::Dialer;
use super::primary_check::ask_for_role;
use super::server_identity::RunId;
use super::server_name::{failed_at, name_of};
use super::timeout_log::Silence;

/// How soon a thread that could not open a connection of its own tries again.
const RETRY: Duration = Duration::from_millis(500);

/// The connections for lookups.
pub(super) struct Wires {
    /// Whether threads have connections of their own.
    are_own: bool,
    open: RwLock<Open>,
    silence: Arc<Silence>,
}

#[derive(Default)]
struct Open {
    /// Increases whenever all connections are given up.
    epoch: u64,
    /// Number of connections that have been opened.
    count: u64,
    shared: Option<Shared>,
    own: HashMap<ThreadId, Own>,
}

impl Open {
    fn wire(&mut self, server: &ConnectionInfo, connection: MultiplexedConnection) -> Wire {
        self.count += 1;
        Wire {
            number: self.count,
            server: name_of(server).into(),
            connection,
        }
    }

    fn all(&self) -> Vec<Wire> {
        let own = self.own.values().filter_map(|own| match own {
            Own::Connection(wire) => Some(wire),
            Own::Nothing => None,
        });
        let shared = self.shared.iter().map(|shared| &shared.wire);
        shared.chain(own).cloned().collect()
    }
}

/// A connection for lookups.
#[derive(Clone)]
pub(super) struct Wire {
    /// Distinguishes the connection from those before and after it.
    number: u64,
    server: Arc<str>,
    pub(super) connection: MultiplexedConnection,
}

struct Shared {
    server: ConnectionInfo,
    wire: Wire,
}

/// A thread's own connection.
enum Own {
    /// None yet: the thread uses the shared one for now.
    Nothing,
    Connection(Wire),
}

impl Wires {
    pub(super) fn new(are_own: bool, silence: Arc<Silence>) -> Self {
        Self {
            are_own,
            open: RwLock::default(),
            silence,
        }
    }

    /// Lets lookups go to `server`, until [`close`](Self::close). `connection` receives its invalidations.
    pub(super) fn open(&self, server: &ConnectionInfo, connection: &MultiplexedConnection) {
        if self.read().shared.is_some() {
            return;
        }
        let mut open = self.write();
        let wire = open.wire(server, connection.clone());
        open.shared = Some(Shared {
            server: server.clone(),
            wire,
        });
    }

    /// Gives up all connections.
    pub(super) fn close(&self) {
        let mut open = self.write();
        let before = take(&mut *open);
        (open.epoch, open.count) = (before.epoch + 1, before.count);
    }

    /// Returns this thread's connection, or the shared one until that is open. The first call of a thread starts
    /// to open it, if threads have their own. `None` if lookups must use the pool.
    pub(super) fn get(self: &Arc<Self>, dialer: &Dialer) -> Option<Wire> {
        let thread = thread::current().id();
        let open = self.read();
        let shared = open.shared.as_ref()?;
        match open.own.get(&thread) {
            Some(Own::Connection(wire)) => return Some(wire.clone()),
            None if self.are_own && stays_on_its_thread() => {}
            Some(Own::Nothing) | None => return Some(shared.wire.clone()),
        }
        let (server, wire) = (shared.server.clone(), shared.wire.clone());
        let epoch = open.epoch;
        drop(open);
        self.write().own.insert(thread, Own::Nothing);
        let (wires, dialer) = (Arc::clone(self), dialer.clone());
        tokio::spawn(async move {
            let made = dial(&dialer, &server).await;
            if let Err(error) = &made {
                let server = name_of(&server);
                debug!(server, %error, "a worker gets no connection of its own to redis");
                sleep(RETRY).await;
            }
            wires.keep((thread, epoch), &server, made.ok());
        });
        Some(wire)
    }

    /// Gives up a connection that failed. The next lookup of its threads uses another one. A thread's own
    /// connection is opened again. The shared one is used again after Redis has confirmed over it that all
    /// changes are known.
    pub(super) fn give_up(&self, failed: &Wire, error: &RedisError) {
        let mut open = self.write();
        let is_shared = |shared: &Shared| shared.wire.number == failed.number;
        let is_own =
            |own: &Own| matches!(own, Own::Connection(wire) if wire.number == failed.number);
        let thread = open.own.iter().find(|(_, own)| is_own(own));
        if let Some(thread) = thread.map(|(thread, _)| *thread) {
            open.own.remove(&thread);
        } else if open.shared.as_ref().is_some_and(is_shared) {
            open.shared = None;
        } else {
            return;
        }
        drop(open);
        let server = &*failed.server;
        if error.is_timeout() {
            self.silence.log(server);
        } else {
            debug!(server, %error, "a connection to redis is made again");
        }
    }

    /// Checks that each connection responds, and gives up those that do not. Returns an error if one timed out.
    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        let all = self.read().all();
        let asked = all.into_iter().map(async |mut wire| {
            let ping: RedisResult<()> = cmd("PING").query_async(&mut wire.connection).await;
            let error = ping.err()?;
            self.give_up(&wire, &error);
            error.is_timeout().then(|| failed_at(&wire.server, error))
        });
        let silent = join_all(asked).await.into_iter().flatten().next();
        silent.map_or(Ok(()), Err)
    }

    fn keep(
        &self,
        (thread, epoch): (ThreadId, u64),
        server: &ConnectionInfo,
        made: Option<MultiplexedConnection>,
    ) {
        let mut open = self.write();
        if open.epoch != epoch {
            return;
        }
        match made {
            Some(connection) => {
                let wire = open.wire(server, connection);
                open.own.insert(thread, Own::Connection(wire));
            }
            None => drop(open.own.remove(&thread)),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Open> {
        self.open.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Open> {
        self.open.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns whether a task that is spawned here stays on this thread, for as long as the thread's runtime exists.
fn stays_on_its_thread() -> bool {
    let runtime = Handle::try_current();
    runtime.is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::CurrentThread)
}

/// Connects to a server, which must prove to be a primary and the one that sends invalidations.
async fn dial(dialer: &Dialer, server: &ConnectionInfo) -> RedisResult<MultiplexedConnection> {
    let mut connection = dialer.dial_here(server).await?;
    ask_for_role(&mut connection).await?;
    let server = RunId::of(&mut connection).await?;
    if !dialer.identity().may_tell(server.as_ref()) {
        let other = "this is not the server that tells of changes";
        return Err((ErrorKind::Client, other).into());
    }
    Ok(connection)
}
