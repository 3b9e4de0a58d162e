//! Runs blocking work on a thread of its own.

use std::thread;

use anyhow::{Context as _, Result};
use tokio::sync::oneshot;

/// Runs work that may block without a limit, such as reading a FIFO or a file on a network file system.
/// Signals are handled concurrently. The work does not run in the runtime's pool of threads: the runtime waits
/// for these when it ends.
pub(crate) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    let (done, result) = oneshot::channel();
    let thread = thread::Builder::new().name("files".to_owned());
    let run = move || drop(done.send(work()));
    thread.spawn(run).context("cannot start a thread")?;
    result.await.context("a thread that reads files panicked")
}
