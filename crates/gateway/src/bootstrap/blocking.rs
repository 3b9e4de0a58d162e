//! Runs blocking work on a thread of its own.

use std::thread;

use anyhow::{Context as _, Result};
use tokio::sync::oneshot;

/// Runs work that may block without a limit, such as reading a FIFO or a file on a network file system, and
/// returns its output; signals are handled concurrently. The work has a thread of its own, because the runtime
/// waits for the threads of its pool when it ends. Fails if the thread cannot be started or panics.
pub(crate) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    let (done, result) = oneshot::channel();
    let thread = thread::Builder::new().name("files".to_owned());
    let run = move || drop(done.send(work()));
    thread.spawn(run).context("cannot start a thread")?;
    result.await.context("a thread that reads files panicked")
}
