//! Sessions on the server, and transactions that determine whether they were committed.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Error, Postgres, query_as};
use tokio::time::timeout;

use super::commit::Pending;
use super::fault::Fault;
use super::servers::Servers;

/// A connection of the pool.
pub(crate) struct Session {
    raw: PgConnection,
    /// The server of this session.
    server: Servers,
    /// How long the server may take to respond to a `COMMIT` before its result is queried over another connection.
    patience: Duration,
    has_lost_answer: bool,
}

impl Session {
    pub(super) fn new(raw: PgConnection, server: Servers, patience: Duration) -> Self {
        Self {
            raw,
            server,
            patience,
            has_lost_answer: false,
        }
    }

    /// Begins a transaction for a change. Fails if the server does not respond.
    pub(super) async fn begin(&mut self) -> Result<Transaction<'_>, Error> {
        Ok(Transaction {
            open: self.raw.begin().await?,
            server: &self.server,
            patience: self.patience,
            has_lost_answer: &mut self.has_lost_answer,
        })
    }

    /// Returns the server of this session, for queries over another connection.
    pub(super) fn server(&self) -> &Servers {
        &self.server
    }

    /// Returns whether the response to a `COMMIT` never arrived, so that this session cannot be used any more.
    pub(super) fn has_lost_answer(&self) -> bool {
        self.has_lost_answer
    }
}

impl Deref for Session {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.raw
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.raw
    }
}

/// A transaction for a change. It is rolled back if it is dropped.
pub(super) struct Transaction<'c> {
    open: sqlx::Transaction<'c, Postgres>,
    server: &'c Servers,
    patience: Duration,
    has_lost_answer: &'c mut bool,
}

impl Transaction<'_> {
    /// Commits the transaction. If the response is lost, queries the result over another connection. Fails if the
    /// transaction was not committed: then nothing was changed, unless the server could not be queried for the
    /// result.
    pub(super) async fn commit(mut self) -> Result<(), Error> {
        let (id, server_start): (Option<i64>, String) =
            query_as("SELECT txid_current_if_assigned(), pg_postmaster_start_time()::text")
                .fetch_one(&mut *self.open)
                .await?;
        let Some(id) = id else {
            return self.open.commit().await;
        };
        let answer = timeout(self.patience, self.open.commit()).await;
        let error = match answer {
            Ok(Err(error)) if Fault::of(&error) == Fault::Lost => error,
            Ok(answer) => return answer,
            Err(_) => {
                let reason = format!("no answer to COMMIT within {:?}", self.patience);
                Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, reason))
            }
        };
        *self.has_lost_answer = true;
        let pending = Pending { id, server_start };
        pending
            .ends_committed(self.server, self.patience, error)
            .await
    }

    pub(super) async fn rollback(self) -> Result<(), Error> {
        self.open.rollback().await
    }
}

impl Deref for Transaction<'_> {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.open
    }
}

impl DerefMut for Transaction<'_> {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.open
    }
}
