//! Pool hooks that accept only connections to a primary.
//!
//! The pool is that of `deadpool-redis`. It sends `UNWATCH` and `PING` on a connection before it hands it out
//! again, which cannot be configured. This costs a round trip for every request, and is also the sign of life
//! that is needed before requests which must not be repeated. The hooks query the role.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_redis::{Hook, HookError, Metrics, PoolBuilder};
use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, RedisError, RedisResult, Role, ServerErrorKind, cmd};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::server_identity::{Identity, Queried, RunId};

/// How long a server counts as the primary after it has proved that.
const ROLE_HOLDS: Duration = Duration::from_secs(1);

/// Hooks that accept only connections to the primary.
pub(super) struct Doorman {
    timeout: Duration,
    identity: Arc<Identity>,
    known: Mutex<Known>,
}

/// What is known about connections. A connection is identified by the time when it was opened: if two were
/// opened to the same address in the same nanosecond, the proof of one counts for both.
#[derive(Default)]
struct Known {
    /// When the server of each connection last proved that it is the primary, if that still holds.
    proven: HashMap<Instant, Instant>,
    /// Connections that were opened until then lead to the same server as a bad one.
    doubted: Option<Instant>,
}

impl Doorman {
    pub(super) fn new(timeout: Duration, identity: Arc<Identity>) -> Arc<Self> {
        Arc::new(Self {
            timeout,
            identity,
            known: Mutex::default(),
        })
    }

    /// Adds the hooks to a pool.
    pub(super) fn guard(self: &Arc<Self>, pool: PoolBuilder) -> PoolBuilder {
        let [first, again] = [self.clone(), self.clone()];
        pool.post_create(Hook::async_fn(move |connection, metrics| {
            let doorman = first.clone();
            Box::pin(async move { doorman.prove_first(connection, metrics).await })
        }))
        .pre_recycle(Hook::async_fn(move |connection, metrics| {
            let doorman = again.clone();
            Box::pin(async move { doorman.prove_again(connection, metrics).await })
        }))
    }

    /// Marks all existing connections to be dropped: the idle ones, and those in use when they are returned.
    pub(super) async fn doubt_all(&self) {
        self.known.lock().await.doubted = Some(Instant::now());
    }

    async fn prove_first(
        &self,
        connection: &mut MultiplexedConnection,
        metrics: &Metrics,
    ) -> Result<(), HookError> {
        self.prove(connection, metrics).await?;
        let server = RunId::of(connection).await.map_err(HookError::Backend)?;
        match self.identity.is_queried(server, metrics.created) {
            Queried::Still => Ok(()),
            Queried::FromNowOn => {
                // Earlier connections lead to another server, to which the host name no longer resolves.
                let before = metrics.created.checked_sub(Duration::from_nanos(1));
                let mut known = self.known.lock().await;
                known.doubted = known.doubted.max(before);
                Ok(())
            }
            Queried::Before => Err(HookError::message(
                "a connection that was made after it leads to another server",
            )),
        }
    }

    async fn prove(
        &self,
        connection: &mut MultiplexedConnection,
        metrics: &Metrics,
    ) -> Result<(), HookError> {
        // Before the request: the response may be as old as that.
        let now = Instant::now();
        let asked = timeout(self.timeout, ask_for_role(connection)).await;
        let asked = asked.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()));
        asked.map_err(HookError::Backend)?;
        let proven = &mut self.known.lock().await.proven;
        proven.retain(|_, at| at.elapsed() < ROLE_HOLDS);
        proven.insert(metrics.created, now);
        Ok(())
    }

    async fn prove_again(
        &self,
        connection: &mut MultiplexedConnection,
        metrics: &Metrics,
    ) -> Result<(), HookError> {
        let made = metrics.created;
        let proven = {
            let known = self.known.lock().await;
            if known.doubted.is_some_and(|doubted| made <= doubted) {
                return Err(HookError::message("it leads where a bad one did"));
            }
            known.proven.get(&made).copied()
        };
        if proven.is_some_and(|at| at.elapsed() < ROLE_HOLDS) {
            return Ok(());
        }
        let proven = self.prove(connection, metrics).await;
        if proven.is_err() {
            self.doubt_all().await;
        }
        proven
    }
}

/// Returns an error unless the server is a primary, as far as it may reveal that.
pub(super) async fn ask_for_role(connection: &mut MultiplexedConnection) -> RedisResult<()> {
    match cmd("ROLE").query_async::<Role>(connection).await {
        Ok(Role::Primary { .. }) => Ok(()),
        Ok(_) => Err((ErrorKind::Client, "this server is not the primary").into()),
        // `ROLE` is forbidden. A replica is then detected by `READONLY`.
        Err(error) if is_forbidden(&error) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Returns whether a command was refused because the server does not know it or the access list forbids it.
pub(super) fn is_forbidden(error: &RedisError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Server(ServerErrorKind::NoPerm | ServerErrorKind::ResponseError)
    )
}
