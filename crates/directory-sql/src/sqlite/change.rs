//! Makes and checks single changes, each in its own transaction.

use isogloss_core::backend::directory::{Abort, remove_tombstones_of};
use isogloss_core::directory::{Change, Changed};

use super::connections::end;
use super::transaction::SqliteTables;
use super::{SqliteDirectory, looks};

type Done<T> = Result<T, Abort<sqlx::Error>>;

/// Makes a change, and returns the changed entry. Fails, and changes nothing, with [`Abort::Invalid`] if the change
/// is invalid, and with [`Abort::Failed`] if a query fails.
pub(super) async fn make(directory: &SqliteDirectory, change: Change) -> Done<Changed> {
    let names = change.given_names();
    fill_looks(directory, &change).await?;
    let mut transaction = directory.pool.begin().await.map_err(Abort::Failed)?;
    let made = async {
        let mut tables = SqliteTables(&mut transaction);
        let changed = change.apply(&mut tables).await?;
        remove_tombstones_of(&mut tables, &directory.digests, &names)
            .await
            .map_err(Abort::Failed)?;
        Ok(changed)
    };
    let made = made.await;
    end(transaction, made).await
}

/// Makes a change and rolls it back. Fails with [`Abort::Invalid`] if the change is invalid, and with
/// [`Abort::Failed`] if a query fails.
pub(super) async fn check(directory: &SqliteDirectory, change: Change) -> Done<()> {
    fill_looks(directory, &change).await?;
    let mut transaction = directory.pool.begin().await.map_err(Abort::Failed)?;
    let made = change.apply(&mut SqliteTables(&mut transaction)).await;
    transaction.rollback().await.map_err(Abort::Failed)?;
    made.map(drop)
}

/// Stores missing looks before a change that compares login names by look. Does nothing for other changes. Fails with
/// [`Abort::Failed`] if a query fails.
async fn fill_looks(directory: &SqliteDirectory, change: &Change) -> Done<()> {
    if change.logins().is_empty() {
        return Ok(());
    }
    looks::fill(&directory.pool).await.map_err(Abort::Failed)
}
