//! What drives all connections.

use isogloss_core::StoreError;
use tokio::runtime::{Builder, Handle, Runtime};

use super::error::failed;

/// A runtime with one thread of its own. Connections must not hang on the runtime of whichever
/// worker asked first: it may end while others still use them.
pub(super) struct Engine(Option<Runtime>);

impl Engine {
    pub(super) fn start() -> Result<Self, StoreError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("redis")
            .enable_all()
            .build()
            .map_err(failed)?;
        Ok(Self(Some(runtime)))
    }

    pub(super) fn handle(&self) -> Result<Handle, StoreError> {
        let runtime = self.0.as_ref().ok_or_else(|| failed("closed"))?;
        Ok(runtime.handle().clone())
    }
}

/// A runtime that is dropped waits for its threads, which nobody may do inside another one.
impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
