//! Single changes, each in a transaction of its own.

use std::sync::Arc;

use isogloss_core::backend::directory::{Abort, allow_again};
use isogloss_core::directory::{Change, Changed, DigestKeys, InvalidChange};

use super::session::Session;
use super::transaction::PostgresTables;
use super::write::alone;
use crate::row::Result;

/// What was done, or why it makes no sense.
pub(super) type Done<T> = Result<std::result::Result<T, InvalidChange>>;

/// Makes a change.
pub(super) async fn make(
    connection: &mut Session,
    change: Change,
    digests: Arc<DigestKeys>,
) -> Done<Changed> {
    let logins = change.logins();
    let mut transaction = connection.begin().await?;
    alone(&mut transaction).await?;
    match change.apply(&mut PostgresTables(&mut transaction)).await {
        Ok(changed) => {
            allow_again(&mut PostgresTables(&mut transaction), &digests, &logins).await?;
            transaction.commit().await.map(|()| Ok(changed))
        }
        Err(abort) => invalid(abort).map(Err),
    }
}

/// Makes a change and takes it back.
pub(super) async fn check(connection: &mut Session, change: Change) -> Done<()> {
    let mut transaction = connection.begin().await?;
    alone(&mut transaction).await?;
    match change.apply(&mut PostgresTables(&mut transaction)).await {
        Ok(_) => transaction.rollback().await.map(Ok),
        Err(abort) => invalid(abort).map(Err),
    }
}

pub(super) fn invalid(abort: Abort<sqlx::Error>) -> Result<InvalidChange> {
    match abort {
        Abort::Invalid(invalid) => Ok(invalid),
        Abort::Failed(error) => Err(error),
    }
}
