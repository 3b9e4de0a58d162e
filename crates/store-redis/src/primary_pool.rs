//! A single primary, at a fixed address or found by sentinels, and a pool of connections to it.

use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::{
    Connection, HookError, Pool, PoolConfig, PoolError, QueueMode, Runtime, TimeoutType, Timeouts,
};
use isogloss_core::{PoolStatus, StoreError};
use redis::{ConnectionInfo, FromRedisValue};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::RedisSettings;
use super::connector::Connector;
use super::error::redis_error;
use super::error_class::ErrorClass;
use super::primary_address::PrimaryAddress;
use super::primary_check::PrimaryCheck;
use super::request::{Request, Response, RetryPolicy};
use super::server_name::{error_at, server_name};
use super::wait_replicas::WaitReplicas;

/// The primary, at its current address.
pub(super) struct PrimaryPool {
    address: PrimaryAddress,
    connector: Connector,
    current: Mutex<Option<ServerPool>>,
    pool_config: PoolConfig,
    /// Time limit for getting a connection, including the wait for a free one.
    connection_time_limit: Duration,
    timeout: Duration,
    replicas: WaitReplicas,
}

/// A pool of connections to one server.
#[derive(Clone)]
struct ServerPool {
    server: String,
    pool: Pool,
    primary_check: Arc<PrimaryCheck>,
    /// Whether the next caller that needs a connection must look up the primary, and wait for that.
    is_rejected: bool,
}

impl ServerPool {
    /// Returns the connection that the pool returned, with the name of its server. Fails with the error of
    /// the pool, which then contains that name.
    fn with_server(
        self,
        obtained: Result<Connection, PoolError>,
    ) -> Result<(String, Connection), StoreError> {
        match obtained {
            Ok(connection) => Ok((self.server, connection)),
            // Without the pool's own text before that of the connection.
            Err(
                PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)),
            ) => Err(error_at(&self.server, error)),
            Err(error) => Err(error_at(&self.server, error)),
        }
    }
}

impl PrimaryPool {
    pub(super) fn new(
        address: PrimaryAddress,
        connector: Connector,
        settings: &RedisSettings,
    ) -> Self {
        Self {
            address,
            connector,
            current: Mutex::default(),
            pool_config: PoolConfig {
                max_size: settings.connections,
                timeouts: Timeouts {
                    wait: Some(settings.pool_timeout),
                    ..Timeouts::new()
                },
                queue_mode: QueueMode::default(),
            },
            connection_time_limit: settings.connection_time_limit(),
            timeout: settings.timeout,
            replicas: WaitReplicas::from_settings(settings),
        }
    }

    /// Returns the address of the primary. Fails if no sentinel knows it.
    pub(super) async fn address(&self) -> Result<ConnectionInfo, StoreError> {
        self.address.look_up().await
    }

    /// Returns `host:port` of the primary, or the names of the sentinels if it is not known yet. Sends
    /// nothing.
    pub(super) fn name(&self) -> String {
        let known = self.current.try_lock().ok();
        let known = known.and_then(|pool| Some(pool.as_ref()?.server.clone()));
        known.unwrap_or_else(|| self.address.name())
    }

    /// Returns the status of the pool. `None` if there is no pool yet, or while the primary is looked up.
    pub(super) fn connections(&self) -> Option<PoolStatus> {
        let pool = self.current.try_lock().ok()?;
        let status = pool.as_ref()?.pool.status();
        Some(PoolStatus {
            most: status.max_size,
            open: status.size,
            in_use: status.size.saturating_sub(status.available),
            waiting: status.waiting,
        })
    }

    pub(super) async fn send<T: FromRedisValue>(
        &self,
        request: Request<'_>,
        retry: RetryPolicy,
    ) -> Result<Response<T>, StoreError> {
        let mut may_send_again = true;
        loop {
            let (server, mut connection) = self.connection_in_time().await?;
            let sent = timeout(self.timeout, request.send(&mut connection)).await;
            let error = match sent {
                Ok(Ok(value)) => {
                    let mut replicated = Ok(());
                    if retry == RetryPolicy::Revocation && self.replicas.is_required() {
                        let waited = self
                            .replicas
                            .wait_command()
                            .query_async(&mut connection)
                            .await;
                        if let Err(error) = &waited
                            && ErrorClass::of_error(error).closes_connection()
                        {
                            self.discard_connection(connection).await;
                        }
                        replicated = self.replicas.check(&server, waited);
                    }
                    return Ok(Response { value, replicated });
                }
                Ok(Err(error)) => error,
                Err(_) => {
                    self.connector.timeout_log().record(&server);
                    self.discard_connection(connection).await;
                    return Err(error_at(&server, "no answer in time"));
                }
            };
            let class = ErrorClass::of_error(&error);
            if error.is_timeout() {
                self.connector.timeout_log().record(&server);
            }
            if class.closes_connection() {
                self.discard_connection(connection).await;
            }
            let may_repeat = match class {
                ErrorClass::WrongServer => {
                    retry == RetryPolicy::Idempotent || request.is_single_command()
                }
                ErrorClass::ConnectionLost => {
                    retry == RetryPolicy::Idempotent && !error.is_timeout()
                }
                ErrorClass::ServerUnable | ErrorClass::CommandRefused => false,
            };
            if !may_send_again || !may_repeat {
                return Err(error_at(&server, error));
            }
            may_send_again = false;
        }
    }

    /// Returns a live connection to the primary, with the name of the server. Fails if there is none within
    /// the time limit, the primary is unreachable, or the server is a replica.
    async fn connection_in_time(&self) -> Result<(String, Connection), StoreError> {
        let connecting = self.connector.on_own_runtime(self.get_connection());
        if let Ok(connected) = timeout(self.connection_time_limit, connecting).await {
            return connected;
        }
        let server = self.name();
        self.reject_connections().await;
        Err(error_at(&server, "no connection in time"))
    }

    async fn get_connection(&self) -> Result<(String, Connection), StoreError> {
        let pool = self.current_pool().await?;
        let error = match pool.pool.get().await {
            Err(error) if !is_busy(&error) => error,
            obtained => return pool.with_server(obtained),
        };
        self.reject_connections().await;
        let found = self.current_pool().await?;
        if found.server == pool.server {
            return found.with_server(Err(error));
        }
        let obtained = found.pool.get().await;
        found.with_server(obtained)
    }

    /// Returns the pool of the server that is the primary now. Looks the primary up if connections were rejected, or
    /// sentinels name another one. Fails if the primary is not found, or if its pool cannot be created.
    async fn current_pool(&self) -> Result<ServerPool, StoreError> {
        let known = self.current.lock().await.clone();
        if let Some(pool) = known
            && !pool.is_rejected
            && !self.address.has_moved_from(&pool.server).await
        {
            return Ok(pool);
        }
        let mut known = self.current.lock().await;
        let address = self.address.look_up().await?;
        let server = server_name(&address);
        let same = known.take().filter(|pool| pool.server == server);
        let pool = match same {
            Some(pool) => pool,
            None => self.open_pool(server, &address)?,
        };
        let pool = known.insert(ServerPool {
            is_rejected: false,
            ..pool
        });
        Ok(pool.clone())
    }

    fn open_pool(
        &self,
        server: String,
        address: &ConnectionInfo,
    ) -> Result<ServerPool, StoreError> {
        let manager = self.connector.manager(address).map_err(redis_error)?;
        let primary_check = PrimaryCheck::new(self.timeout, Arc::clone(self.connector.identity()));
        let pool = Pool::builder(manager)
            .config(self.pool_config)
            .runtime(Runtime::Tokio1);
        Ok(ServerPool {
            server,
            pool: primary_check.add_hooks(pool).build().map_err(redis_error)?,
            primary_check,
            is_rejected: false,
        })
    }

    /// Drops a connection that failed, and rejects all others.
    async fn discard_connection(&self, connection: Connection) {
        drop(Connection::take(connection));
        self.reject_connections().await;
    }

    /// Rejects all existing connections, as they lead to the same server as the broken one. The next caller
    /// looks up the primary again.
    pub(super) async fn reject_connections(&self) {
        let mut known = self.current.lock().await;
        if let Some(pool) = known.as_mut() {
            pool.primary_check.reject_existing().await;
            pool.is_rejected = true;
        }
        self.address.forget().await;
    }
}

/// Returns whether the pool returned no connection only because all were in use for the whole time limit.
fn is_busy(error: &PoolError) -> bool {
    matches!(error, PoolError::Timeout(TimeoutType::Wait))
}
