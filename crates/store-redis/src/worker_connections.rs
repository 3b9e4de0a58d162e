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

use super::connector::Connector;
use super::primary_check::require_primary_role;
use super::server_identity::RunId;
use super::server_name::{error_at, server_name};
use super::timeout_log::TimeoutLog;

/// How soon a thread that could not open a connection of its own tries again.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// The connections for lookups.
pub(super) struct WorkerConnections {
    /// Whether threads have connections of their own.
    one_per_thread: bool,
    connections: RwLock<Connections>,
    timeout_log: Arc<TimeoutLog>,
}

#[derive(Default)]
struct Connections {
    /// Increases whenever all connections are given up.
    epoch: u64,
    /// Number of connections that have been opened.
    count: u64,
    shared: Option<Shared>,
    by_thread: HashMap<ThreadId, ThreadConnection>,
}

impl Connections {
    fn number(
        &mut self,
        server: &ConnectionInfo,
        connection: MultiplexedConnection,
    ) -> LookupConnection {
        self.count += 1;
        LookupConnection {
            number: self.count,
            server: server_name(server).into(),
            connection,
        }
    }

    fn all(&self) -> Vec<LookupConnection> {
        let own = self.by_thread.values().filter_map(|own| match own {
            ThreadConnection::Open(connection) => Some(connection),
            ThreadConnection::Opening => None,
        });
        let shared = self.shared.iter().map(|shared| &shared.connection);
        shared.chain(own).cloned().collect()
    }
}

/// A connection for lookups.
#[derive(Clone)]
pub(super) struct LookupConnection {
    /// Distinguishes the connection from those before and after it.
    number: u64,
    server: Arc<str>,
    pub(super) connection: MultiplexedConnection,
}

struct Shared {
    server: ConnectionInfo,
    connection: LookupConnection,
}

/// A thread's own connection.
enum ThreadConnection {
    /// None yet: the thread uses the shared one for now.
    Opening,
    Open(LookupConnection),
}

impl WorkerConnections {
    pub(super) fn new(one_per_thread: bool, timeout_log: Arc<TimeoutLog>) -> Self {
        Self {
            one_per_thread,
            connections: RwLock::default(),
            timeout_log,
        }
    }

    /// Lets lookups of all threads use `connection`, which receives the invalidations of `server`, until
    /// [`close`](Self::close). Does nothing if a connection is shared already.
    pub(super) fn share(&self, server: &ConnectionInfo, connection: &MultiplexedConnection) {
        if self.read().shared.is_some() {
            return;
        }
        let mut connections = self.write();
        let connection = connections.number(server, connection.clone());
        connections.shared = Some(Shared {
            server: server.clone(),
            connection,
        });
    }

    /// Drops all connections, the shared one and those of threads.
    pub(super) fn close(&self) {
        let mut connections = self.write();
        let before = take(&mut *connections);
        (connections.epoch, connections.count) = (before.epoch + 1, before.count);
    }

    /// Returns this thread's connection, or the shared one until that is open. The first call of a thread
    /// starts to open its connection, if threads have their own. `None` if no connection is shared: lookups
    /// must use the pool.
    pub(super) fn get(self: &Arc<Self>, connector: &Connector) -> Option<LookupConnection> {
        let thread = thread::current().id();
        let connections = self.read();
        let shared = connections.shared.as_ref()?;
        match connections.by_thread.get(&thread) {
            Some(ThreadConnection::Open(connection)) => return Some(connection.clone()),
            None if self.one_per_thread && stays_on_its_thread() => {}
            Some(ThreadConnection::Opening) | None => return Some(shared.connection.clone()),
        }
        let (server, connection) = (shared.server.clone(), shared.connection.clone());
        let epoch = connections.epoch;
        drop(connections);
        self.write()
            .by_thread
            .insert(thread, ThreadConnection::Opening);
        let (workers, connector) = (Arc::clone(self), connector.clone());
        tokio::spawn(async move {
            let opened = connect_worker(&connector, &server).await;
            if let Err(error) = &opened {
                let server = server_name(&server);
                debug!(server, %error, "a worker gets no connection of its own to redis");
                sleep(RETRY_DELAY).await;
            }
            workers.add_opened((thread, epoch), &server, opened.ok());
        });
        Some(connection)
    }

    /// Drops a connection that failed, and logs `error`. The next lookup of its threads uses another one. A
    /// thread's own connection is opened again. A shared connection is used again after a heartbeat over it.
    pub(super) fn discard(&self, failed: &LookupConnection, error: &RedisError) {
        let mut connections = self.write();
        let is_shared = |shared: &Shared| shared.connection.number == failed.number;
        let is_own = |own: &ThreadConnection| matches!(own, ThreadConnection::Open(connection) if connection.number == failed.number);
        let thread = connections.by_thread.iter().find(|(_, own)| is_own(own));
        if let Some(thread) = thread.map(|(thread, _)| *thread) {
            connections.by_thread.remove(&thread);
        } else if connections.shared.as_ref().is_some_and(is_shared) {
            connections.shared = None;
        } else {
            return;
        }
        drop(connections);
        let server = &*failed.server;
        if error.is_timeout() {
            self.timeout_log.record(server);
        } else {
            debug!(server, %error, "a connection to redis is made again");
        }
    }

    /// Sends `PING` over each connection, and drops those that fail. Fails if one of them timed out.
    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        let all = self.read().all();
        let pings = all.into_iter().map(async |mut connection| {
            let ping: RedisResult<()> = cmd("PING").query_async(&mut connection.connection).await;
            let error = ping.err()?;
            self.discard(&connection, &error);
            error
                .is_timeout()
                .then(|| error_at(&connection.server, error))
        });
        let silent = join_all(pings).await.into_iter().flatten().next();
        silent.map_or(Ok(()), Err)
    }

    fn add_opened(
        &self,
        (thread, epoch): (ThreadId, u64),
        server: &ConnectionInfo,
        opened: Option<MultiplexedConnection>,
    ) {
        let mut connections = self.write();
        if connections.epoch != epoch {
            return;
        }
        match opened {
            Some(connection) => {
                let connection = connections.number(server, connection);
                connections
                    .by_thread
                    .insert(thread, ThreadConnection::Open(connection));
            }
            None => drop(connections.by_thread.remove(&thread)),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Connections> {
        self.connections
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Connections> {
        self.connections
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns whether a task that is spawned here stays on this thread, for as long as the thread's runtime
/// exists.
fn stays_on_its_thread() -> bool {
    let runtime = Handle::try_current();
    runtime.is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::CurrentThread)
}

/// Opens a connection to a server. Fails if the server is unreachable, is not a primary, or is not the one
/// that sends invalidations.
async fn connect_worker(
    connector: &Connector,
    server: &ConnectionInfo,
) -> RedisResult<MultiplexedConnection> {
    let mut connection = connector.connect_on_this_runtime(server).await?;
    require_primary_role(&mut connection).await?;
    let server = RunId::query(&mut connection).await?;
    if !connector.identity().may_be_invalidating(server.as_ref()) {
        let other = "this is not the server that tells of changes";
        return Err((ErrorKind::Client, other).into());
    }
    Ok(connection)
}
