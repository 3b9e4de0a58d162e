//! The stores that a command has open: they are closed when the command ends, also after an error.

use std::sync::Arc;
use std::time::Duration;

use isogloss_core::audit::Audit;
use isogloss_core::directory::Directory;
use isogloss_core::store::TokenStore;
use parking_lot::Mutex;
use tokio::task_local;
use tokio::time::timeout;
use tracing::warn;

use super::initial_import::InitialImport;

/// How long closing one store may take.
const LIMIT: Duration = Duration::from_secs(10);

task_local! {
    static OPEN: Arc<Mutex<Vec<OpenResource>>>;
}

/// A store, log or import that must be closed.
pub(crate) enum OpenResource {
    /// Closed before the directory, into which it may write.
    Audit(Audit),
    Directory(Arc<dyn Directory>),
    /// Closed before the audit log, to which it may record.
    InitialImport(InitialImport),
    Tokens(Arc<dyn TokenStore>),
}

impl OpenResource {
    fn name(&self) -> &'static str {
        match self {
            Self::Audit(_) => "audit log",
            Self::Directory(_) => "directory",
            Self::InitialImport(_) => "directory file",
            Self::Tokens(_) => "token store",
        }
    }

    /// Closes the resource, or gives up after [`LIMIT`] with a warning.
    pub(crate) async fn close_with_timeout(&self) {
        if timeout(LIMIT, self.close()).await.is_err() {
            let name = self.name();
            warn!(name, "could not be closed in time");
        }
    }

    async fn close(&self) {
        match self {
            // The number of lost events is reported where the caller waits for events.
            Self::Audit(audit) => drop(audit.close().await),
            Self::Directory(directory) => directory.close().await,
            Self::InitialImport(import) => import.close().await,
            Self::Tokens(tokens) => tokens.close().await,
        }
    }
}

/// Registers a resource that [`run_and_close`] closes. Does nothing outside of it, as in tests.
pub(crate) fn close_on_exit(open: OpenResource) {
    // Outside of `run_and_close`, only tests open stores.
    let _ = OPEN.try_with(|all| {
        let mut all = all.lock();
        all.push(open);
    });
}

/// Runs a command, then closes the resources that it has registered, the last one first, and returns the output
/// of the command.
pub(crate) async fn run_and_close<T>(work: impl Future<Output = T>) -> T {
    let all = Arc::default();
    let outcome = OPEN.scope(Arc::clone(&all), work).await;
    let mut all = std::mem::take(&mut *all.lock());
    while let Some(open) = all.pop() {
        open.close_with_timeout().await;
    }
    outcome
}
