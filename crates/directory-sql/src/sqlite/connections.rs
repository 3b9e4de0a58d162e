//! The connections to the file, and the proof that an answer is whole.
//!
//! Each connection of the library has a thread. If that thread panics, its channel is closed, and the
//! library takes that for the end of the rows: a query would find nothing, and a change would be done with
//! no row affected. A thread that goes on ends each statement with a count of rows; without one, the answer
//! is an error.

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

/// How long a thread that has nothing to do may take to say that it is there.
const LONGEST_SILENCE: Duration = Duration::from_secs(5);

/// A row, or at the end of each statement how many it has changed.
type Step = Either<SqliteQueryResult, SqliteRow>;

/// The connections of one process. As an executor it runs one query, on any of them.
#[derive(Debug, Clone)]
pub(crate) struct Connections(SqlitePool);

impl Connections {
    pub(super) fn new(pool: SqlitePool) -> Self {
        Self(pool)
    }

    /// Begins a transaction that writes, when no other one does. It must be ended by `commit` or
    /// `rollback`, which fail if a query in it was answered only in part.
    pub(crate) async fn begin(&self) -> Result<Transaction> {
        self.0.begin_with("BEGIN IMMEDIATE").await.map(Transaction)
    }

    /// Runs queries on one connection, and fails if one of them was answered only in part.
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

/// Fails if the thread of a connection is gone. What is sent to a thread that is just ending is never answered:
/// the library would wait for it, and the pool would have one connection less for good.
async fn is_alive(connection: &mut SqliteConnection) -> Result<()> {
    let answer = timeout(LONGEST_SILENCE, connection.ping()).await;
    answer.unwrap_or(Err(Error::WorkerCrashed))
}

/// Returns whether a connection that was given back can be used again. When a disk is full, SQLite rolls back
/// by itself; the rollback of the library then fails, and no transaction could begin on that connection again.
pub(super) async fn is_reusable(connection: &mut SqliteConnection) -> Result<bool> {
    is_alive(connection).await?;
    Ok(!connection.is_in_transaction())
}

/// A transaction that writes.
pub(crate) struct Transaction(sqlx::Transaction<'static, Sqlite>);

impl Transaction {
    /// Commits it, unless a query in it was answered only in part.
    pub(crate) async fn commit(mut self) -> Result<()> {
        is_alive(&mut self).await?;
        self.0.commit().await
    }

    /// Takes it back. Fails if a query in it was answered only in part.
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

/// Commits what was done, or takes it back if it makes no sense.
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

/// Adds an error to an answer that ends before its last statement does.
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

/// Whether a statement's count of rows was the last step.
#[derive(Clone, Copy)]
enum End {
    Missing,
    Seen,
}
