//! How work reaches the server: over which connection, within which time, and whether it is tried again.

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

/// How long a whole directory may take to be read or written.
const WHOLE: Duration = Duration::from_mins(10);

type Answer<'c, T> = BoxFuture<'c, Result<T, Error>>;

impl PostgresDirectory {
    /// Asks what may be asked twice: once more if the connection turns out to be dead.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl Fn(&mut Session) -> Answer<'_, T> + Send + Sync + 'static,
    ) -> Result<T, StoreError> {
        let connections = self.access.connections();
        self.within(self.timeout, async move {
            let lease = connections.any().await?;
            match connections.attempt(lease, &question).await {
                (Err(error), again) if again || Fault::of(&error) == Fault::Lost => {
                    connections.tested().await?.ask(&question).await
                }
                (answer, _) => answer,
            }
        })
        .await
    }

    /// Does what is done once, over a connection that has just been tested. It is tried again where it is
    /// certain that nothing was done.
    pub(super) async fn once<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Session) -> Answer<'_, T> + Send + Sync + 'static,
    ) -> Result<T, StoreError> {
        self.tested_within(self.timeout, work).await
    }

    /// Does what may take long, likewise, for as long as the server works on it.
    pub(super) async fn long<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Session) -> Answer<'_, T> + Send + Sync + 'static,
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
        work: impl Fn(&mut Session) -> Answer<'_, T> + Send + Sync + 'static,
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

    /// Runs to its end, or to the time-out, even if its caller is gone.
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

/// Works over a connection that answers within `wait`. Tells, too, whether what failed is tried again.
async fn attempt<T>(
    connections: &Connections,
    wait: Duration,
    work: impl Fn(&mut Session) -> Answer<'_, T>,
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
