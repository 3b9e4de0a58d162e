//! The runtime that drives all connections.

use isogloss_core::StoreError;
use tokio::runtime::{Builder, Handle, Runtime};

use super::error::redis_error;

/// A runtime with one thread of its own. Connections must not depend on the runtime of the worker that opened
/// them: it may end while other workers still use them.
pub(super) struct RedisRuntime(Option<Runtime>);

impl RedisRuntime {
    pub(super) fn start() -> Result<Self, StoreError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("redis")
            .enable_all()
            .build()
            .map_err(redis_error)?;
        Ok(Self(Some(runtime)))
    }

    pub(super) fn handle(&self) -> Result<Handle, StoreError> {
        let runtime = self.0.as_ref().ok_or_else(|| redis_error("closed"))?;
        Ok(runtime.handle().clone())
    }
}

/// Shuts down without waiting: a dropped runtime waits for its threads, which is not allowed inside another
/// runtime.
impl Drop for RedisRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
