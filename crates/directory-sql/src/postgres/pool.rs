//! Connections: made when they are needed, shared, and closed as soon as one is in doubt.
//!
//! Not sqlx's own pool: that one asks the server before and after every use whether the connection
//! is alive, hides why a connection fails until the time-out is over, and takes back a connection
//! whose answer nobody waited for.

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

/// A connection that nobody used for so long may have been forgotten by something on the way.
const LONGEST_REST: Duration = Duration::from_mins(1);
/// So that names and certificates are looked up again now and then.
const LONGEST_LIFE: Duration = Duration::from_mins(30);
/// How long a server is believed to be what `target_session_attrs` demands.
const LONGEST_UNCHECKED: Duration = Duration::from_secs(5);
/// How long a server that takes no changes stays the one that the address leads to.
const READ_ONLY_SERVER: Duration = Duration::from_mins(1);

/// The connections of one gateway.
#[derive(Clone)]
pub(super) struct Connections {
    pool: Pool<Maker>,
    doubts: Arc<Mutex<Doubts>>,
}

/// Which connections are not used any more.
#[derive(Default)]
struct Doubts {
    /// Those that were made earlier.
    made_before: Option<Instant>,
    /// When that was last because the server takes no changes.
    read_only: Option<Instant>,
}

impl Doubts {
    fn include(&self, made: Instant) -> bool {
        self.made_before.is_some_and(|moment| made < moment)
    }

    /// Tells whether what failed on a connection made at that time is tried again, and includes all connections
    /// that would fail likewise.
    fn hear(&mut self, fault: Fault, made: Instant) -> bool {
        let now = Instant::now();
        match fault {
            Fault::Lost | Fault::Refused | Fault::Conflict => return fault.allows_retry(),
            Fault::Outdated | Fault::ReadOnly if self.include(made) => return true,
            Fault::Outdated => {}
            // A standby that the address names is no news.
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
    /// `limit` is how long a query may take.
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

    /// Closes those that are free now, and the others when they are given back. None is made any more.
    pub(super) fn close(&self) {
        self.pool.close();
    }

    /// How many there are.
    pub(super) fn status(&self) -> isogloss_core::PoolStatus {
        let status = self.pool.status();
        isogloss_core::PoolStatus {
            most: status.max_size,
            open: status.size,
            in_use: status.size.saturating_sub(status.available),
            waiting: status.waiting,
        }
    }

    /// Any connection. It may have died since it was last used.
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

    /// Asks something over a connection and gives it back. Tells, too, whether what failed is tried again on
    /// a connection that [`tested`](Self::tested) returns next. Connections that would fail likewise are
    /// closed: free ones now, others when they are given back.
    pub(super) async fn attempt<T>(
        &self,
        mut lease: Lease,
        work: impl FnOnce(&mut Session) -> BoxFuture<'_, Result<T, Error>>,
    ) -> (Result<T, Error>, bool) {
        let (made, sent) = (lease.made, Instant::now());
        let answer = lease.ask(work).await;
        if lease.session.has_lost_answer() {
            self.close_silent_since(sent);
        }
        let fault = answer.as_ref().err().map(Fault::of);
        let again = fault.is_some_and(|fault| locked(&self.doubts).hear(fault, made));
        if again {
            // The primary has become a standby, or the tables have changed: others may still read what is old.
            self.close_free(|one| locked(&self.doubts).include(one.made));
        }
        (answer, again)
    }

    /// Closes those free connections on which nothing has been received since a query was sent that got no
    /// response: what has silenced one may have silenced them all, and each would cost a time-out.
    pub(super) fn close_silent_since(&self, sent: Instant) {
        self.close_free(|connection| connection.answered < sent);
    }

    fn close_free(&self, which: impl Fn(&Connection) -> bool) {
        self.pool.retain(|connection, _| !which(connection));
    }

    /// A connection that has just answered.
    pub(super) async fn tested(&self) -> Result<Lease, Error> {
        loop {
            let mut lease = self.any().await?;
            let is_new = Object::metrics(&lease).recycle_count == 0;
            if is_new || lease.ask(|raw| Box::pin(raw.ping())).await.is_ok() {
                return Ok(lease);
            }
        }
    }
}

fn locked(doubts: &Mutex<Doubts>) -> MutexGuard<'_, Doubts> {
    doubts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection on loan. It goes back when this is dropped.
pub(super) type Lease = Object<Maker>;

/// A connection, and whether it can be lent again.
pub(super) struct Connection {
    session: Session,
    /// Of its server.
    name: String,
    in_doubt: bool,
    made: Instant,
    /// When the server last answered.
    answered: Instant,
    /// When it was last seen that the server is what the address demands.
    checked: Instant,
}

impl Connection {
    /// Asks something. A connection whose answer did not come, or was not waited for, is not lent
    /// again.
    pub(super) async fn ask<T>(
        &mut self,
        work: impl FnOnce(&mut Session) -> BoxFuture<'_, Result<T, Error>>,
    ) -> Result<T, Error> {
        self.in_doubt = true;
        let answer = work(&mut self.session).await;
        let fault = answer.as_ref().err().map(Fault::of);
        if self.session.has_lost_answer() || fault == Some(Fault::Lost) {
            // Nothing is sent or awaited any more: the connection may be silent.
            return answer.map_err(|error| naming(&self.name, error));
        }
        // A transaction that was given up ends with the next thing that is sent, and keeps what it
        // has locked until then.
        let is_over = !self.session.should_flush() || self.session.flush().await.is_ok();
        self.in_doubt = !is_over || fault.is_some_and(Fault::ends_connection);
        self.answered = Instant::now();
        answer
    }
}

/// What makes connections.
pub(super) struct Maker {
    servers: Servers,
    patience: Duration,
    doubts: Arc<Mutex<Doubts>>,
}

impl Manager for Maker {
    type Type = Connection;
    type Error = Error;

    async fn create(&self) -> Result<Connection, Error> {
        // What is in doubt while it is being made may lead to the server that it is about.
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
