//! Aborts long queries when their connection is silent, and not because they take long.
//!
//! The server is queried over another connection for what the session is doing. A session that executes a
//! statement or waits for a lock may take as long as it needs. A session that has been waiting for this program's
//! next statement since the last check has lost its connection without noticing: it is ended, so that its locks
//! are released, and the query fails. A query whose server cannot be reached also fails.

use std::io;
use std::ops::DerefMut;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{BoxFuture, Either, select};
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Error, query, query_as};
use tokio::time::{sleep, timeout};

use super::servers::Servers;

/// The minimum of [`patience`].
const SHORTEST_PATIENCE: Duration = Duration::from_millis(500);

/// How often the request to end a silent session is sent: its locks would block all later queries.
const ATTEMPTS: u32 = 4;

/// Returns how long a session may wait for its next statement if a query may take as long as `limit`. A silent
/// connection is given up after twice the returned time.
pub(super) fn patience(limit: Duration) -> Duration {
    (limit / 2).max(SHORTEST_PATIENCE)
}

/// A session on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ServerSession {
    pid: i32,
    /// When the server process was started. This distinguishes servers, and sessions after a restart.
    server_start: String,
    is_on_standby: bool,
    began: String,
}

/// What a session is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Doing {
    /// The session executes a statement.
    Working,
    /// The session waits until another session has changed the tables.
    Queueing,
    /// The session has been waiting for its next statement since this time.
    Idle(String),
    /// The session has ended.
    Gone,
    /// Another primary responds instead of the one that had the session.
    Replaced,
    /// Another server responded, or the server refused the connection.
    Unknown,
}

/// Runs a long query and returns its result. Fails if its connection is silent or its server cannot be reached.
///
/// `servers` is the server of the session. `patience` is how long the session may wait for its next statement, and
/// how long the server may take to report what the session is doing. `report` is called with each such report.
pub(super) async fn watched<C: DerefMut<Target = PgConnection>, T>(
    connection: &mut C,
    (servers, patience): (&Servers, Duration),
    report: impl Fn(&Doing) + Send,
    work: impl FnOnce(&mut C) -> BoxFuture<'_, T>,
) -> Result<T, Error> {
    let session = timeout(patience, ServerSession::of(connection)).await;
    let session = session.unwrap_or_else(|_| Err(silent(servers, patience)))?;
    let work = work(connection);
    match select(work, pin!(session.silence(servers, patience, report))).await {
        Either::Left((done, _)) => Ok(done),
        Either::Right((error, _)) => Err(error),
    }
}

impl ServerSession {
    async fn of(connection: &mut PgConnection) -> Result<Self, Error> {
        let (pid, server_start, is_on_standby, began) = query_as(
            "SELECT pid, pg_postmaster_start_time()::text, pg_is_in_recovery(), backend_start::text
             FROM pg_stat_activity WHERE pid = pg_backend_pid()",
        )
        .fetch_one(connection)
        .await?;
        Ok(Self {
            pid,
            server_start,
            is_on_standby,
            began,
        })
    }

    /// Waits until the connection of the session is silent, ends the session, and returns the error to report.
    async fn silence(
        &self,
        servers: &Servers,
        patience: Duration,
        report: impl Fn(&Doing),
    ) -> Error {
        let mut before = None;
        loop {
            sleep(patience).await;
            let answer = timeout(patience, self.look(servers)).await;
            let doing = match answer {
                Ok(Ok(doing)) => Some(doing),
                // The server is running, but has too many connections or refuses this one.
                Ok(Err(Error::Database(_))) => Some(Doing::Unknown),
                Ok(Err(_)) | Err(_) => None,
            };
            let is_silent = match &doing {
                Some(Doing::Working | Doing::Queueing | Doing::Unknown) => false,
                Some(Doing::Gone) => true,
                // Only if the last two reports are the same.
                Some(Doing::Idle(_) | Doing::Replaced) | None => before.as_ref() == Some(&doing),
            };
            if is_silent {
                // A session that has ended, or a server that cannot be reached, holds no locks.
                let attempts = if matches!(doing, Some(Doing::Idle(_))) {
                    ATTEMPTS
                } else {
                    1
                };
                for _ in 0..attempts {
                    if let Ok(Ok(())) = timeout(patience, self.end(servers)).await {
                        break;
                    }
                }
                return silent(servers, patience);
            }
            if let Some(doing) = &doing {
                report(doing);
            }
            before = Some(doing);
        }
    }

    async fn look(&self, servers: &Servers) -> Result<Doing, Error> {
        let mut connection = servers.connect().await?;
        let (server_start, is_standby, began, state, since, event): Row = query_as(
            "SELECT pg_postmaster_start_time()::text, pg_is_in_recovery(), s.backend_start::text,
                    s.state, s.state_change::text, s.wait_event
             FROM (SELECT) AS one LEFT JOIN pg_stat_activity s ON s.pid = $1",
        )
        .bind(self.pid)
        .fetch_one(&mut connection)
        .await?;
        connection.close().await?;
        if server_start != self.server_start {
            // A host name may lead to several standbys, but only to one primary at a time.
            return Ok(if self.is_on_standby || is_standby {
                Doing::Unknown
            } else {
                Doing::Replaced
            });
        }
        if began.as_ref() != Some(&self.began) {
            return Ok(Doing::Gone);
        }
        let is_idle = state.is_some_and(|state| state.starts_with("idle"));
        Ok(match since.filter(|_| is_idle) {
            Some(since) => Doing::Idle(since),
            None if event.as_deref() == Some("advisory") => Doing::Queueing,
            None => Doing::Working,
        })
    }

    /// Ends the session on its server, to release its locks. Fails if the server does not respond.
    async fn end(&self, servers: &Servers) -> Result<(), Error> {
        let mut connection = servers.connect().await?;
        query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE pid = $1 AND backend_start::text = $2
                 AND pg_postmaster_start_time()::text = $3",
        )
        .bind(self.pid)
        .bind(&self.began)
        .bind(&self.server_start)
        .execute(&mut connection)
        .await?;
        connection.close().await
    }
}

/// Columns of the server, then of the session.
type Row = (
    String,
    bool,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
);

fn silent(servers: &Servers, patience: Duration) -> Error {
    let reason = format!(
        "{}: the connection has been silent for {patience:?} or longer, and was given up",
        servers.names()
    );
    Error::Io(io::Error::new(io::ErrorKind::TimedOut, reason))
}
