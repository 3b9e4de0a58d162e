//! A connection pool that opens connections on demand, and closes them as soon as one is in doubt.
//!
//! It replaces sqlx's pool. That pool queries the server before and after every use whether the connection is
//! alive, hides the reason of a failed connection until the time-out, and takes back a connection whose last
//! response was never read.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use deadpool::managed::{
    Manager, Metrics, Object, Pool, PoolConfig, PoolError, QueueMode, RecycleError, RecycleResult,
};
use futures_util::future::BoxFuture;
use sqlx::{Connection as _, Error};

use super::fault::Fault;
use super::named::naming;
use super::servers::Servers;
use super::session::Session;
use super::silence::patience;

/// The maximum idle time of a connection. After a longer one, a device on the network may have dropped it.
const LONGEST_REST: Duration = Duration::from_mins(1);
/// The maximum age of a connection, so that names are resolved and certificates are checked again from time to
/// time.
const LONGEST_LIFE: Duration = Duration::from_mins(30);
/// How long a server is assumed to still be what `target_session_attrs` demands.
const LONGEST_UNCHECKED: Duration = Duration::from_secs(5);
/// How long to assume that the address still leads to a read-only server.
const READ_ONLY_SERVER: Duration = Duration::from_mins(1);

/// The connections of one gateway.
#[derive(Clone)]
pub(super) struct Connections {
    pool: Pool<Maker>,
    doubts: Arc<Mutex<Doubts>>,
}

/// Which connections must not be used any more.
#[derive(Default)]
struct Doubts {
    /// Those that were opened before this time.
    made_before: Option<Instant>,
    /// When a read-only server was last the reason.
    read_only: Option<Instant>,
}

impl Doubts {
    fn include(&self, made: Instant) -> bool {
        self.made_before.is_some_and(|moment| made < moment)
    }

    /// Records a failure on a connection that was opened at `made`, and puts all connections in doubt that would
    /// fail in the same way. Returns whether to retry the failed query.
    fn hear(&mut self, fault: Fault, made: Instant) -> bool {
        let now = Instant::now();
        match fault {
            Fault::Lost | Fault::Refused | Fault::Conflict => return fault.allows_retry(),
            Fault::Outdated | Fault::ReadOnly if self.include(made) => return true,
            Fault::Outdated => {}
            // If the address names a standby, a new connection would be read-only, too.
            Fault::ReadOnly => {
                let last = self.read_only.replace(now);
                if last.is_some_and(|last| now.duration_since(last) <= READ_ONLY_SERVER) {
                    self.read_only = last;
                    return false;
                }
            }
        }
        self.made_before = Some(now);
        true
    }
}

impl Connections {
    /// Creates a pool of at most `at_most` connections. `limit` is the time limit of a query.
    pub(super) fn new(servers: Servers, at_most: usize, limit: Duration) -> Self {
        let mut config = PoolConfig::new(at_most);
        config.queue_mode = QueueMode::Lifo;
        let doubts = Arc::<Mutex<Doubts>>::default();
        let maker = Maker {
            servers,
            patience: patience(limit) / 2,
            doubts: Arc::clone(&doubts),
        };
        let pool = Pool::builder(maker).config(config).build();
        #[expect(
            clippy::expect_used,
            reason = "what can fail are time-outs, and there are none"
        )]
        let pool = pool.expect("a pool without time-outs needs no runtime");
        Self { pool, doubts }
    }

    /// Closes the pool: free connections now, others when they are returned. No more connections are opened.
    pub(super) fn close(&self) {
        self.pool.close();
    }

    /// Returns how many connections the pool may have, how many are open and in use, and how many callers wait for
    /// one.
    pub(super) fn status(&self) -> isogloss_core::PoolStatus {
        let status = self.pool.status();
        isogloss_core::PoolStatus {
            most: status.max_size,
            open: status.size,
            in_use: status.size.saturating_sub(status.available),
            waiting: status.waiting,
        }
    }

    /// Returns any connection, which may have died since its last use. Fails if none can be opened or the pool is
    /// closed.
    pub(super) async fn any(&self) -> Result<Lease, Error> {
        match self.pool.get().await {
            Ok(connection) => Ok(connection),
            Err(PoolError::Backend(error)) => Err(error),
            Err(
                PoolError::Timeout(_)
                | PoolError::Closed
                | PoolError::NoRuntimeSpecified
                | PoolError::PostCreateHook(_),
            ) => Err(Error::PoolClosed),
        }
    }

    /// Runs a query over a connection and returns the connection to the pool. Returns the result or error, and
    /// true if the query failed and should be retried on the connection that [`tested`](Self::tested) returns
    /// next. Connections that would fail in the same way are closed: free ones now, others when they are returned.
    pub(super) async fn attempt<T>(
        &self,
        mut lease: Lease,
        work: impl FnOnce(&mut Session) -> BoxFuture<'_, Result<T, Error>>,
    ) -> (Result<T, Error>, bool) {
        let (made, sent) = (lease.made, Instant::now());
        let answer = lease.run_idempotent(work).await;
        if lease.session.has_lost_answer() {
            self.close_silent_since(sent);
        }
        let fault = answer.as_ref().err().map(Fault::of);
        let again = fault.is_some_and(|fault| locked(&self.doubts).hear(fault, made));
        if again {
            // The primary has become a standby, or the tables have changed: other connections may still read old
            // data.
            self.close_free(|one| locked(&self.doubts).include(one.made));
        }
        (answer, again)
    }

    /// Closes the free connections that have received nothing since a query was sent that got no response: they
    /// may be silent for the same reason, and each would cost a time-out.
    pub(super) fn close_silent_since(&self, sent: Instant) {
        self.close_free(|connection| connection.answered < sent);
    }

    fn close_free(&self, which: impl Fn(&Connection) -> bool) {
        self.pool.retain(|connection, _| !which(connection));
    }

    /// Returns a connection that has just responded. Fails if none can be opened or the pool is closed.
    pub(super) async fn tested(&self) -> Result<Lease, Error> {
        loop {
            let mut lease = self.any().await?;
            let is_new = Object::metrics(&lease).recycle_count == 0;
            if is_new
                || lease
                    .run_idempotent(|raw| Box::pin(raw.ping()))
                    .await
                    .is_ok()
            {
                return Ok(lease);
            }
        }
    }
}

fn locked(doubts: &Mutex<Doubts>) -> MutexGuard<'_, Doubts> {
    doubts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection in use. It is returned to the pool when it is dropped.
pub(super) type Lease = Object<Maker>;

/// A connection, and whether it can be used again.
pub(super) struct Connection {
    session: Session,
    /// The name of its server.
    name: String,
    in_doubt: bool,
    made: Instant,
    /// When the server last responded.
    answered: Instant,
    /// When the server was last checked for what the address demands.
    checked: Instant,
}

impl Connection {
    /// Runs a query and returns its result. If the response is missing or the future is dropped, the connection is
    /// not used again. Fails if the query fails.
    pub(super) async fn run_idempotent<T>(
        &mut self,
        work: impl FnOnce(&mut Session) -> BoxFuture<'_, Result<T, Error>>,
    ) -> Result<T, Error> {
        self.in_doubt = true;
        let answer = work(&mut self.session).await;
        let fault = answer.as_ref().err().map(Fault::of);
        if self.session.has_lost_answer() || fault == Some(Fault::Lost) {
            // The connection may be silent, so nothing more is sent or awaited.
            return answer.map_err(|error| naming(&self.name, error));
        }
        // An abandoned transaction is rolled back with the next message to the server, and holds its locks until
        // then.
        let is_over = !self.session.should_flush() || self.session.flush().await.is_ok();
        self.in_doubt = !is_over || fault.is_some_and(Fault::ends_connection);
        self.answered = Instant::now();
        answer
    }
}

/// Opens and checks connections for the pool.
pub(super) struct Maker {
    servers: Servers,
    patience: Duration,
    doubts: Arc<Mutex<Doubts>>,
}

impl Manager for Maker {
    type Type = Connection;
    type Error = Error;

    async fn create(&self) -> Result<Connection, Error> {
        // Taken before connecting: a doubt that arises in the meantime may be about the server that this
        // connection leads to.
        let made = Instant::now();
        let (name, raw) = self.servers.connect_named().await?;
        let now = Instant::now();
        Ok(Connection {
            session: Session::new(raw, self.servers.at(&name), self.patience),
            name,
            in_doubt: false,
            made,
            answered: now,
            checked: now,
        })
    }

    async fn recycle(
        &self,
        connection: &mut Connection,
        metrics: &Metrics,
    ) -> RecycleResult<Error> {
        let too_old = metrics.last_used() > LONGEST_REST || metrics.age() > LONGEST_LIFE;
        let is_doubted = locked(&self.doubts).include(connection.made);
        if connection.in_doubt || is_doubted || too_old {
            return Err(RecycleError::message("not lent again"));
        }
        if connection.checked.elapsed() > LONGEST_UNCHECKED {
            self.servers.check(&mut connection.session).await?;
            connection.checked = Instant::now();
        }
        Ok(())
    }
}
