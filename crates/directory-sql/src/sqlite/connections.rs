//! Connections to the file that detect incomplete results.
//!
//! Each connection of the library has a thread. If that thread panics, its channel is closed, and the library
//! takes that for the end of the rows: a query would find nothing, and a change would succeed with no row
//! affected. A running thread ends each statement with a row count; without one, the result is an error.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use isogloss_core::backend::directory::Abort;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    SqliteConnection, SqlitePool, SqliteQueryResult, SqliteRow, SqliteStatement, SqliteTypeInfo,
};
use sqlx::{Connection as _, Either, Error, Execute, Executor, SqlStr, Sqlite};
use tokio::time::timeout;

use crate::row::Result;

/// How long an idle thread may take to respond.
const LONGEST_SILENCE: Duration = Duration::from_secs(5);

/// A row, or at the end of each statement its row count.
type Step = Either<SqliteQueryResult, SqliteRow>;

/// The connections of one process. As an executor, it runs each query on any of them.
#[derive(Debug, Clone)]
pub(crate) struct Connections(SqlitePool);

impl Connections {
    pub(super) fn new(pool: SqlitePool) -> Self {
        Self(pool)
    }

    /// Begins a transaction that writes, as soon as no other one is open. It must be ended by `commit` or
    /// `rollback`, which fail if the result of a query in it was incomplete. Fails if the file stays locked or
    /// cannot be written.
    pub(crate) async fn begin(&self) -> Result<Transaction> {
        self.0.begin_with("BEGIN IMMEDIATE").await.map(Transaction)
    }

    /// Runs queries on one connection, and returns their result. Fails if a query fails or its result was
    /// incomplete.
    pub(crate) async fn run<T>(
        &self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T>,
    ) -> Result<T> {
        let mut connection = self.acquire().await?;
        let found = work(&mut connection).await?;
        is_alive(&mut connection).await?;
        Ok(found)
    }

    pub(crate) async fn acquire(&self) -> Result<PoolConnection<Sqlite>> {
        self.0.acquire().await
    }

    pub(crate) async fn close(&self) {
        self.0.close().await;
    }
}

/// Fails if the thread of a connection has ended. A request to a thread that is just ending never gets a response:
/// the library would wait for it, and the pool would lose a connection.
async fn is_alive(connection: &mut SqliteConnection) -> Result<()> {
    let answer = timeout(LONGEST_SILENCE, connection.ping()).await;
    answer.unwrap_or(Err(Error::WorkerCrashed))
}

/// Returns whether a connection that was returned to the pool can be used again. When the disk is full, SQLite
/// rolls back by itself; the library's rollback then fails, and no other transaction could begin on that
/// connection. Fails if the thread of the connection has ended.
pub(super) async fn is_reusable(connection: &mut SqliteConnection) -> Result<bool> {
    is_alive(connection).await?;
    Ok(!connection.is_in_transaction())
}

/// A transaction that writes to the file.
pub(crate) struct Transaction(sqlx::Transaction<'static, Sqlite>);

impl Transaction {
    /// Commits the transaction. Fails, and commits nothing, if the result of a query in it was incomplete.
    pub(crate) async fn commit(mut self) -> Result<()> {
        is_alive(&mut self).await?;
        self.0.commit().await
    }

    /// Rolls the transaction back. Fails if the result of a query in it was incomplete.
    pub(crate) async fn rollback(mut self) -> Result<()> {
        is_alive(&mut self).await?;
        self.0.rollback().await
    }
}

impl Deref for Transaction {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.0
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.0
    }
}

/// Commits the transaction and returns its result, or rolls it back if the change is invalid. Fails with
/// [`Abort::Invalid`] if the change is invalid, and with [`Abort::Failed`] if a query fails.
pub(super) async fn end<T>(
    transaction: Transaction,
    outcome: std::result::Result<T, Abort<Error>>,
) -> std::result::Result<T, Abort<Error>> {
    match outcome {
        Ok(done) => {
            transaction.commit().await.map_err(Abort::Failed)?;
            Ok(done)
        }
        Err(Abort::Invalid(invalid)) => {
            transaction.rollback().await.map_err(Abort::Failed)?;
            Err(invalid.into())
        }
        Err(Abort::Failed(error)) => Err(Abort::Failed(error)),
    }
}

impl<'c> Executor<'c> for &'c Connections {
    type Database = Sqlite;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Step>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Sqlite>,
    {
        whole(self.0.fetch_many(query))
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<SqliteRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Sqlite>,
    {
        Box::pin(async move {
            let mut connection = self.0.acquire().await?;
            let mut steps = whole(connection.fetch_many(query));
            let mut found = None;
            while let Some(step) = steps.try_next().await? {
                if let Either::Right(row) = step {
                    found.get_or_insert(row);
                }
            }
            Ok(found)
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [SqliteTypeInfo],
    ) -> BoxFuture<'e, Result<SqliteStatement>>
    where
        'c: 'e,
    {
        self.0.prepare_with(sql, parameters)
    }
}

/// Adds an error to a result that ends before the row count of its last statement. Passes on errors of the query
/// itself, which fails then.
fn whole(steps: BoxStream<'_, Result<Step>>) -> BoxStream<'_, Result<Step>> {
    stream::unfold((steps, End::Missing), |(mut steps, end)| async move {
        match (steps.next().await, end) {
            (Some(Ok(Either::Left(done))), _) => Some((Ok(Either::Left(done)), (steps, End::Seen))),
            (Some(Ok(row)), _) => Some((Ok(row), (steps, End::Missing))),
            (Some(Err(error)), _) => Some((Err(error), (steps, End::Seen))),
            (None, End::Missing) => Some((Err(Error::WorkerCrashed), (steps, End::Seen))),
            (None, End::Seen) => None,
        }
    })
    .boxed()
}

/// Whether the last item of a result was a row count.
#[derive(Clone, Copy)]
enum End {
    Missing,
    Seen,
}
