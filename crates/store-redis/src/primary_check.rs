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

use super::server_identity::{QueriedServer, RunId, ServerIdentity};

/// How long a server counts as the primary after it has proved that.
const ROLE_VALID_FOR: Duration = Duration::from_secs(1);

/// Hooks that accept only connections to the primary.
pub(super) struct PrimaryCheck {
    timeout: Duration,
    identity: Arc<ServerIdentity>,
    known: Mutex<CheckedConnections>,
}

/// What is known about connections. A connection is identified by the time when it was opened: if two were
/// opened to the same address in the same nanosecond, the proof of one counts for both.
#[derive(Default)]
struct CheckedConnections {
    /// When the server of each connection last proved that it is the primary, if that still holds.
    role_checked: HashMap<Instant, Instant>,
    /// Connections that were opened until then lead to the same server as a bad one.
    rejected_until: Option<Instant>,
}

impl PrimaryCheck {
    pub(super) fn new(timeout: Duration, identity: Arc<ServerIdentity>) -> Arc<Self> {
        Arc::new(Self {
            timeout,
            identity,
            known: Mutex::default(),
        })
    }

    /// Returns the pool builder with hooks that reject connections to servers other than the primary.
    pub(super) fn add_hooks(self: &Arc<Self>, pool: PoolBuilder) -> PoolBuilder {
        let [check_new, check_reused] = [self.clone(), self.clone()];
        pool.post_create(Hook::async_fn(move |connection, metrics| {
            let check = check_new.clone();
            Box::pin(async move { check.check_new(connection, metrics).await })
        }))
        .pre_recycle(Hook::async_fn(move |connection, metrics| {
            let check = check_reused.clone();
            Box::pin(async move { check.check_reused(connection, metrics).await })
        }))
    }

    /// Rejects all connections that exist now: the idle ones, and those in use when they are returned.
    pub(super) async fn reject_existing(&self) {
        self.known.lock().await.rejected_until = Some(Instant::now());
    }

    async fn check_new(
        &self,
        connection: &mut MultiplexedConnection,
        metrics: &Metrics,
    ) -> Result<(), HookError> {
        self.check_role(connection, metrics).await?;
        let server = RunId::query(connection).await.map_err(HookError::Backend)?;
        match self.identity.record_queried(server, metrics.created) {
            QueriedServer::Unchanged => Ok(()),
            QueriedServer::Changed => {
                // Earlier connections lead to another server, to which the host name no longer resolves.
                let before = metrics.created.checked_sub(Duration::from_nanos(1));
                let mut known = self.known.lock().await;
                known.rejected_until = known.rejected_until.max(before);
                Ok(())
            }
            QueriedServer::Outdated => Err(HookError::message(
                "a connection that was made after it leads to another server",
            )),
        }
    }

    async fn check_role(
        &self,
        connection: &mut MultiplexedConnection,
        metrics: &Metrics,
    ) -> Result<(), HookError> {
        // Before the request: the response may be as old as that.
        let now = Instant::now();
        let role = timeout(self.timeout, require_primary_role(connection)).await;
        let role = role.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()));
        role.map_err(HookError::Backend)?;
        let role_checked = &mut self.known.lock().await.role_checked;
        role_checked.retain(|_, at| at.elapsed() < ROLE_VALID_FOR);
        role_checked.insert(metrics.created, now);
        Ok(())
    }

    async fn check_reused(
        &self,
        connection: &mut MultiplexedConnection,
        metrics: &Metrics,
    ) -> Result<(), HookError> {
        let opened = metrics.created;
        let role_checked = {
            let known = self.known.lock().await;
            if known
                .rejected_until
                .is_some_and(|rejected_until| opened <= rejected_until)
            {
                return Err(HookError::message("it leads where a bad one did"));
            }
            known.role_checked.get(&opened).copied()
        };
        if role_checked.is_some_and(|at| at.elapsed() < ROLE_VALID_FOR) {
            return Ok(());
        }
        let role_checked = self.check_role(connection, metrics).await;
        if role_checked.is_err() {
            self.reject_existing().await;
        }
        role_checked
    }
}

/// Queries the role of a server. Fails if the server is not a primary or does not respond. Succeeds if `ROLE`
/// is forbidden: a replica is then detected by its error `READONLY`.
pub(super) async fn require_primary_role(
    connection: &mut MultiplexedConnection,
) -> RedisResult<()> {
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
