//! Connections: made when they are needed, shared, and closed as soon as one is in doubt.
//!
//! Not sqlx's own pool: that one asks the server before and after every use whether the connection
//! is alive, hides why a connection fails until the time-out is over, and takes back a connection
//! whose answer nobody waited for.

use std::time::Duration;

use deadpool::managed::{
    Manager, Metrics, Object, Pool, PoolConfig, PoolError, QueueMode, RecycleError, RecycleResult,
};
use futures_util::future::BoxFuture;
use sqlx::error::DatabaseError;
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Error};

use super::named::naming;
use super::servers::Servers;

/// A connection that nobody used for so long may have been forgotten by something on the way.
const LONGEST_REST: Duration = Duration::from_mins(1);
/// So that names and certificates are looked up again now and then.
const LONGEST_LIFE: Duration = Duration::from_mins(30);

/// The connections of one gateway.
#[derive(Clone)]
pub(super) struct Connections(Pool<Maker>);

impl Connections {
    pub(super) fn new(servers: Servers, at_most: usize) -> Self {
        let mut config = PoolConfig::new(at_most);
        config.queue_mode = QueueMode::Lifo;
        let pool = Pool::builder(Maker(servers)).config(config).build();
        #[expect(
            clippy::expect_used,
            reason = "what can fail are time-outs, and there are none"
        )]
        Self(pool.expect("a pool without time-outs needs no runtime"))
    }

    /// Closes those that are free now, and the others when they are given back. None is made any more.
    pub(super) fn close(&self) {
        self.0.close();
    }

    /// How many there are.
    pub(super) fn status(&self) -> crate::Connections {
        self.0.status().into()
    }

    /// Any connection. It may have died since it was last used.
    pub(super) async fn any(&self) -> Result<Lease, Error> {
        match self.0.get().await {
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
    raw: PgConnection,
    /// Of its server.
    name: String,
    in_doubt: bool,
}

impl Connection {
    /// Asks something. A connection whose answer did not come, or was not waited for, is not lent
    /// again.
    pub(super) async fn ask<T>(
        &mut self,
        work: impl FnOnce(&mut PgConnection) -> BoxFuture<'_, Result<T, Error>>,
    ) -> Result<T, Error> {
        self.in_doubt = true;
        let answer = work(&mut self.raw).await;
        // A transaction that was given up ends with the next thing that is sent, and keeps what it
        // has locked until then.
        let is_over = !self.raw.should_flush() || self.raw.flush().await.is_ok();
        self.in_doubt = !is_over || answer.as_ref().is_err_and(is_lost);
        answer.map_err(|error| {
            if is_lost(&error) {
                naming(&self.name, error)
            } else {
                error
            }
        })
    }
}

/// Whether the connection is gone, rather than the question refused.
pub(super) fn is_lost(error: &Error) -> bool {
    match error.as_database_error().and_then(DatabaseError::code) {
        // The server shuts down, has crashed, or starts; or it lost the connection itself.
        Some(code) => matches!(&*code, "57P01" | "57P02" | "57P03") || code.starts_with("08"),
        None => matches!(error, Error::Io(_) | Error::Tls(_) | Error::Protocol(_)),
    }
}

/// What makes connections.
pub(super) struct Maker(Servers);

impl Manager for Maker {
    type Type = Connection;
    type Error = Error;

    async fn create(&self) -> Result<Connection, Error> {
        let (name, raw) = self.0.connect_named().await?;
        let in_doubt = false;
        Ok(Connection {
            raw,
            name,
            in_doubt,
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
        Ok(())
    }
}
