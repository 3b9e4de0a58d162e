//! How Redis is asked: the pool, its runtime, the time-outs.

use std::time::Duration;

use ::redis::{
    AsyncConnectionConfig, Cmd, FromRedisValue, IntoConnectionInfo as _, Pipeline, ScriptInvocation,
};
use deadpool_redis::{Connection, Manager, Pool, Runtime};
use secrecy::{ExposeSecret as _, SecretString};

use crate::error::StoreError;

/// How Redis is reached.
#[derive(Debug, Clone)]
pub struct RedisSettings {
    /// `redis://[user[:password]@]host[:port][/database]`
    pub url: SecretString,
    /// Connections at the most.
    pub connections: usize,
    /// How long one step may take: connecting, waiting for a free connection, a command.
    pub timeout: Duration,
}

/// The way to Redis.
///
/// What may be sent again after a broken connection goes through [`Link::ask`] and
/// [`Link::pipeline`]. What would answer something else the second time, because the first time
/// did it, goes through [`Link::ask_once`], [`Link::pipeline_once`] and [`Link::script`].
pub(crate) struct Link {
    pool: Pool,
    /// Drives all connections. They must not hang on the runtime of whichever worker asked first:
    /// it may end while others still use them.
    runtime: Option<tokio::runtime::Runtime>,
    timeout: Duration,
}

impl Link {
    /// Whether an address can be understood. Nothing is asked.
    pub(crate) fn accepts(url: &str) -> bool {
        url.into_connection_info().is_ok()
    }

    /// Prepares the pool. Nothing is asked yet.
    pub(crate) fn new(settings: &RedisSettings) -> Result<Self, StoreError> {
        let timeout = Some(settings.timeout);
        let connection = AsyncConnectionConfig::new()
            .set_connection_timeout(timeout)
            .set_response_timeout(timeout);
        // The parser's message may quote the address, and with it a password.
        let manager = Manager::new_with_config(settings.url.expose_secret(), connection)
            .map_err(|_| failed("the address is not redis://[user:password@]host[:port][/db]"))?;
        let pool = Pool::builder(manager)
            .max_size(settings.connections)
            .wait_timeout(timeout)
            .create_timeout(timeout)
            .recycle_timeout(timeout)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(failed)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("redis")
            .enable_all()
            .build()
            .map_err(failed)?;
        Ok(Self {
            pool,
            runtime: Some(runtime),
            timeout: settings.timeout,
        })
    }

    /// Runs a command that may be sent again.
    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        self.ask_once(command).await
    }

    /// Runs a command that must not be sent again once it may have been executed.
    pub(crate) async fn ask_once<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        let mut connection = self.connection().await?;
        self.in_time(command.query_async(&mut connection)).await
    }

    /// Runs commands that may be sent again. Not a transaction; keys may be anywhere.
    pub(crate) async fn pipeline<T: FromRedisValue>(
        &self,
        commands: &Pipeline,
    ) -> Result<T, StoreError> {
        self.pipeline_once(commands).await
    }

    /// Runs commands that must not be sent again once they may have been executed.
    pub(crate) async fn pipeline_once<T: FromRedisValue>(
        &self,
        commands: &Pipeline,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection().await?;
        self.in_time(commands.query_async(&mut connection)).await
    }

    /// Runs a script on one key, by its digest, loading it where it is missing. It is not sent
    /// again once it may have been executed.
    pub(crate) async fn script<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection().await?;
        self.in_time(script.invoke_async(&mut connection)).await
    }

    async fn connection(&self) -> Result<Connection, StoreError> {
        let runtime = self.runtime.as_ref().ok_or_else(|| failed("closed"))?;
        let pool = self.pool.clone();
        let connection = runtime.spawn(async move { pool.get().await }).await;
        connection.map_err(failed)?.map_err(failed)
    }

    /// The time-out is the whole command's, whatever it waits for.
    async fn in_time<T>(
        &self,
        asked: impl Future<Output = ::redis::RedisResult<T>>,
    ) -> Result<T, StoreError> {
        tokio::time::timeout(self.timeout, asked)
            .await
            .map_err(failed)?
            .map_err(failed)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::new("redis", error)
}
