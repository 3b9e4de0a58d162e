//! Single changes, each in a transaction of its own.

use super::{SqliteDirectory, looks};
use crate::directory::Change;
use crate::directory::desk::Halt;
use crate::directory::erasure::allow_again;

type Done = Result<(), Halt>;

/// Makes a change.
pub(super) async fn make(directory: &SqliteDirectory, change: Change) -> Done {
    let logins = change.logins();
    fill_looks(directory, &change).await?;
    let mut transaction = directory.pool.begin_with("BEGIN IMMEDIATE").await?;
    change.make(&mut *transaction).await?;
    allow_again(&mut *transaction, &directory.digests, &logins).await?;
    Ok(transaction.commit().await?)
}

/// Makes a change and takes it back.
pub(super) async fn check(directory: &SqliteDirectory, change: Change) -> Done {
    fill_looks(directory, &change).await?;
    let mut transaction = directory.pool.begin_with("BEGIN IMMEDIATE").await?;
    change.make(&mut *transaction).await?;
    Ok(transaction.rollback().await?)
}

/// Stores the looks that are missing before a change that compares logins with them.
async fn fill_looks(directory: &SqliteDirectory, change: &Change) -> Done {
    if change.logins().is_empty() {
        return Ok(());
    }
    Ok(looks::fill(&directory.pool).await?)
}
