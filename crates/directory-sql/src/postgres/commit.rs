//! Determines the result of a transaction when the response to its `COMMIT` is lost.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Error, query, query_scalar};
use tokio::time::{sleep, timeout};

use super::servers::Servers;

/// The pause between two queries while the server is still committing.
const PAUSE: Duration = Duration::from_millis(50);

/// How often an unresponsive server is queried.
const ATTEMPTS: u32 = 4;

/// A transaction whose `COMMIT` was sent.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) id: i64,
    /// When the server process was started. Another server may have another transaction with the same number.
    pub(super) server_start: String,
}

/// The state of a transaction, as the server reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Committed,
    Aborted,
    /// The server waits for the session or for the disk.
    InProgress,
    /// Another server responded, or this one no longer knows the transaction.
    Unknown,
}

impl Pending {
    /// Waits until the transaction has ended. Fails with `lost` unless it was committed, also if the server does
    /// not respond. If the session has not received the `COMMIT`, it is ended, so that the `COMMIT` cannot arrive
    /// later; a session that executes it may take as long as it needs.
    pub(super) async fn ends_committed(
        &self,
        servers: &Servers,
        patience: Duration,
        lost: Error,
    ) -> Result<(), Error> {
        let mut failures = 1;
        loop {
            match timeout(patience, self.run_idempotent(servers)).await {
                Ok(Ok(End::Committed)) => return Ok(()),
                Ok(Ok(End::InProgress)) => {}
                Ok(Ok(End::Aborted | End::Unknown)) => return Err(lost),
                Ok(Err(_)) | Err(_) if failures == ATTEMPTS => return Err(lost),
                Ok(Err(_)) | Err(_) => failures += 1,
            }
            sleep(PAUSE).await;
        }
    }

    async fn run_idempotent(&self, servers: &Servers) -> Result<End, Error> {
        let mut connection = servers.connect().await?;
        let end = self.end(&mut connection).await?;
        if end == End::InProgress {
            self.end_idle_session(&mut connection).await?;
        }
        connection.close().await?;
        Ok(end)
    }

    async fn end(&self, connection: &mut PgConnection) -> Result<End, Error> {
        let status: Option<String> = query_scalar(
            "SELECT CASE WHEN pg_postmaster_start_time()::text = $2 THEN txid_status($1) END",
        )
        .bind(self.id)
        .bind(&self.server_start)
        .fetch_one(connection)
        .await?;
        Ok(match status.as_deref() {
            Some("committed") => End::Committed,
            Some("aborted") => End::Aborted,
            Some("in progress") => End::InProgress,
            Some(_) | None => End::Unknown,
        })
    }

    /// Ends the session of the transaction if it waits for its next statement. Fails if the query fails.
    async fn end_idle_session(&self, connection: &mut PgConnection) -> Result<(), Error> {
        query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE backend_xid::text::bigint = $1 & 4294967295 AND state LIKE 'idle%'",
        )
        .bind(self.id)
        .execute(connection)
        .await
        .map(drop)
    }
}
