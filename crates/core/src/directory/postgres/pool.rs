//! Connections: made when they are needed, shared, and closed as soon as one is in doubt.
//!
//! Not sqlx's own pool: that one asks the server before and after every use whether the connection
//! is alive, hides why a connection fails until the time-out is over, and takes back a connection
//! whose answer nobody waited for.

use std::sync::{Arc, Mutex, PoisonError};
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
    /// When all connections were last closed because the server takes no changes.
    read_only: Arc<Mutex<Option<Instant>>>,
}

impl Connections {
    /// `limit` is how long a query may take.
    pub(super) fn new(servers: Servers, at_most: usize, limit: Duration) -> Self {
        let mut config = PoolConfig::new(at_most);
        config.queue_mode = QueueMode::Lifo;
        let pool = Pool::builder(Maker {
            servers,
            patience: patience(limit) / 2,
        })
        .config(config)
        .build();
        #[expect(
            clippy::expect_used,
            reason = "what can fail are time-outs, and there are none"
        )]
        let pool = pool.expect("a pool without time-outs needs no runtime");
        Self {
            pool,
            read_only: Arc::default(),
        }
    }

    /// Closes those that are free now, and the others when they are given back. None is made any more.
    pub(super) fn close(&self) {
        self.pool.close();
    }

    /// How many there are.
    pub(super) fn status(&self) -> crate::Connections {
        self.pool.status().into()
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

    /// Tells whether what failed is tried again on a connection that [`tested`](Self::tested) returns next,
    /// and closes free connections that would fail likewise.
    pub(super) fn allow_retry(&self, error: &Error) -> bool {
        let fault = Fault::of(error);
        match fault {
            Fault::Outdated => self.close_free(|_| true),
            // The primary has become a standby: others may still read what is old from it.
            Fault::ReadOnly if self.is_newly_read_only() => self.close_free(|_| true),
            Fault::ReadOnly => return false,
            Fault::Lost | Fault::Conflict | Fault::Refused => {}
        }
        fault.allows_retry()
    }

    /// Closes those free connections on which nothing has been received since a query was sent that got no
    /// response: what has silenced one may have silenced them all, and each would cost a time-out.
    pub(super) fn close_silent_since(&self, sent: Instant) {
        self.close_free(|connection| connection.answered < sent);
    }

    fn close_free(&self, which: impl Fn(&Connection) -> bool) {
        self.pool.retain(|connection, _| !which(connection));
    }

    /// Whether this was not so a moment ago. A standby that the address names is no news.
    fn is_newly_read_only(&self) -> bool {
        let mut last = self
            .read_only
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_new = last.is_none_or(|last| last.elapsed() > READ_ONLY_SERVER);
        if is_new {
            *last = Some(Instant::now());
        }
        is_new
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

/// A connection on loan. It goes back when this is dropped.
pub(super) type Lease = Object<Maker>;

/// A connection, and whether it can be lent again.
pub(super) struct Connection {
    session: Session,
    /// Of its server.
    name: String,
    in_doubt: bool,
    /// When the server last answered.
    answered: Instant,
    /// When it was last seen that the server is what the address demands.
    checked: Instant,
}

impl Connection {
    /// Whether the answer to a `COMMIT` was lost.
    pub(super) fn has_lost_answer(&self) -> bool {
        self.session.has_lost_answer()
    }

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
}

impl Manager for Maker {
    type Type = Connection;
    type Error = Error;

    async fn create(&self) -> Result<Connection, Error> {
        let (name, raw) = self.servers.connect_named().await?;
        let now = Instant::now();
        Ok(Connection {
            session: Session::new(raw, self.servers.clone(), self.patience),
            name,
            in_doubt: false,
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
        if connection.in_doubt || too_old {
            return Err(RecycleError::message("not lent again"));
        }
        if connection.checked.elapsed() > LONGEST_UNCHECKED {
            self.servers.check(&mut connection.session).await?;
            connection.checked = Instant::now();
        }
        Ok(())
    }
}
