//! Letting nothing out of a pool but connections to a primary.
//!
//! The pool is the one of `deadpool-redis`. It sends `UNWATCH` and `PING` on a connection before it
//! hands it out again, which cannot be chosen: a round trip for every question, and the sign of
//! life that is wanted before what may be asked only once. The role is asked for in its hooks.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_redis::{Hook, HookError, Metrics, PoolBuilder};
use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, RedisError, RedisResult, Role, ServerErrorKind, cmd};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::identity::{Identity, Queried, RunId};

/// How long a server is taken for the primary without asking it.
const ROLE_HOLDS: Duration = Duration::from_secs(1);

/// Lets nobody out but the primary.
pub(super) struct Doorman {
    timeout: Duration,
    identity: Arc<Identity>,
    known: Mutex<Known>,
}

/// What is known of connections. A connection is known by when it was made: of two that were made
/// to the same address in the same nanosecond, one speaks for the other.
#[derive(Default)]
struct Known {
    /// When the server of each last showed that it is the primary, if that holds.
    proven: HashMap<Instant, Instant>,
    /// Those that were made before this lead where a bad one did.
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

    /// Stands at the door of a pool.
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

    /// Has every connection dropped that was made until now: the idle ones, and those in use when
    /// they come back.
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
                // Those before it lead elsewhere, where the name did not lead any more.
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
        // Before it is asked: what it says may be as old as that.
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

/// Fails unless the server is a primary, as far as it may tell.
pub(super) async fn ask_for_role(connection: &mut MultiplexedConnection) -> RedisResult<()> {
    match cmd("ROLE").query_async::<Role>(connection).await {
        Ok(Role::Primary { .. }) => Ok(()),
        Ok(_) => Err((ErrorKind::Client, "this server is not the primary").into()),
        // It may not tell us. Then READONLY has to.
        Err(error) if is_forbidden(&error) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whether a command was refused because it is unknown here or we may not use it.
pub(super) fn is_forbidden(error: &RedisError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Server(ServerErrorKind::NoPerm | ServerErrorKind::ResponseError)
    )
}
