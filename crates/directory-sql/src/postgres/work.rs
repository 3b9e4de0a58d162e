//! Runs queries on the server: chooses the connection, limits the time, and retries.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use isogloss_core::StoreError;
use sqlx::Error;
use sqlx::error::DatabaseError;
use tokio::time::timeout;

use super::fault::{Fault, READ_ONLY};
use super::migrate::ready;
use super::pool::Connections;
use super::session::Session;
use super::silence::{patience, watched};
use super::{PostgresDirectory, failed, no_answer, reason};

/// How long reading or writing a whole directory may take.
const WHOLE: Duration = Duration::from_mins(10);

type QueryFuture<'c, T> = BoxFuture<'c, Result<T, Error>>;

impl PostgresDirectory {
    /// Runs an idempotent query, and repeats it if the connection turns out to be dead. Returns its result; fails
    /// if the directory is unavailable.
    pub(crate) async fn run_idempotent<T: Send + 'static>(
        &self,
        query: impl Fn(&mut Session) -> QueryFuture<'_, T> + Send + Sync + 'static,
    ) -> Result<T, StoreError> {
        let connections = self.access.connections();
        self.within(self.timeout, async move {
            let lease = connections.any().await?;
            match connections.attempt(lease, &query).await {
                (Err(error), again) if again || Fault::of(&error) == Fault::Lost => {
                    connections.tested().await?.run_idempotent(&query).await
                }
                (answer, _) => answer,
            }
        })
        .await
    }

    /// Runs a query that must not be repeated, over a connection that has just been tested. Retries it only if it
    /// certainly had no effect. Returns its result; fails if the directory is unavailable.
    pub(super) async fn once<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Session) -> QueryFuture<'_, T> + Send + Sync + 'static,
    ) -> Result<T, StoreError> {
        self.tested_within(self.timeout, work).await
    }

    /// Runs a long query like [`once`](Self::once), but for up to ten minutes, as long as the server works on it.
    /// Returns its result; fails if the directory is unavailable.
    pub(super) async fn long<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Session) -> QueryFuture<'_, T> + Send + Sync + 'static,
    ) -> Result<T, StoreError> {
        let work = Arc::new(work);
        let patience = patience(self.timeout);
        self.tested_within(WHOLE, move |session| {
            let work = Arc::clone(&work);
            Box::pin(async move {
                let server = session.server().clone();
                watched(session, (&server, patience), |_| (), |c| work(c)).await?
            })
        })
        .await
    }

    async fn tested_within<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl Fn(&mut Session) -> QueryFuture<'_, T> + Send + Sync + 'static,
    ) -> Result<T, StoreError> {
        let (connections, wait) = (self.access.connections(), self.timeout);
        self.within(limit, async move {
            match attempt(&connections, wait, &work).await {
                (Err(_), true) => attempt(&connections, wait, &work).await.0,
                (done, _) => done,
            }
        })
        .await
    }

    /// Runs a query to its end or until the time-out, even if its caller is dropped. Returns its result; fails if
    /// the directory is unavailable.
    async fn within<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let runtime = self.runtime.as_ref().ok_or_else(|| failed("closed"))?;
        let sent = Instant::now();
        let tables = self.tables.clone();
        let work = timeout(limit, async {
            ready(tables).await?;
            work.await.map_err(|error| unavailable(&error))
        });
        match runtime.spawn(work).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => {
                self.access.connections().close_silent_since(sent);
                Err(failed(no_answer(&self.access.servers(), limit)))
            }
            Err(error) => Err(failed(error)),
        }
    }
}

/// Runs a query over a connection that responds within `wait`. Returns the result or error, and true if the query
/// failed and should be retried.
async fn attempt<T>(
    connections: &Connections,
    wait: Duration,
    work: impl Fn(&mut Session) -> QueryFuture<'_, T>,
) -> (Result<T, Error>, bool) {
    let sent = Instant::now();
    match timeout(wait, connections.tested()).await {
        Ok(Ok(lease)) => connections.attempt(lease, work).await,
        Ok(Err(error)) => (Err(error), false),
        Err(_) => {
            connections.close_silent_since(sent);
            let reason = format!("no connection has answered within {wait:?}");
            let error = io::Error::new(io::ErrorKind::TimedOut, reason);
            (Err(Error::Io(error)), false)
        }
    }
}

fn unavailable(error: &Error) -> StoreError {
    let code = error.as_database_error().and_then(DatabaseError::code);
    if code.is_some_and(|code| code == READ_ONLY) {
        return StoreError::read_only(
            "postgres directory",
            "the server is read-only, as a standby is",
        );
    }
    failed(reason(error))
}
