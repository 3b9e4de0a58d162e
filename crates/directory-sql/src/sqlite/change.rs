//! Single changes, each in a transaction of its own.

use isogloss_core::backend::directory::{Abort, allow_again};
use isogloss_core::directory::{Change, Changed};

use super::connections::end;
use super::transaction::SqliteTables;
use super::{SqliteDirectory, looks};

type Done<T> = Result<T, Abort<sqlx::Error>>;

/// Makes a change.
pub(super) async fn make(directory: &SqliteDirectory, change: Change) -> Done<Changed> {
    let logins = change.logins();
    fill_looks(directory, &change).await?;
    let mut transaction = directory.pool.begin().await.map_err(Abort::Failed)?;
    let made = async {
        let mut tables = SqliteTables(&mut transaction);
        let changed = change.apply(&mut tables).await?;
        allow_again(&mut tables, &directory.digests, &logins)
            .await
            .map_err(Abort::Failed)?;
        Ok(changed)
    };
    let made = made.await;
    end(transaction, made).await
}

/// Makes a change and takes it back.
pub(super) async fn check(directory: &SqliteDirectory, change: Change) -> Done<()> {
    fill_looks(directory, &change).await?;
    let mut transaction = directory.pool.begin().await.map_err(Abort::Failed)?;
    let made = change.apply(&mut SqliteTables(&mut transaction)).await;
    transaction.rollback().await.map_err(Abort::Failed)?;
    made.map(drop)
}

/// Stores the looks that are missing before a change that compares logins with them.
async fn fill_looks(directory: &SqliteDirectory, change: &Change) -> Done<()> {
    if change.logins().is_empty() {
        return Ok(());
    }
    looks::fill(&directory.pool).await.map_err(Abort::Failed)
}
