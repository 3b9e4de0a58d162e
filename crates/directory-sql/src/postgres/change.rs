//! Makes and checks single changes, each in its own transaction.

use std::sync::Arc;

use isogloss_core::backend::directory::{Abort, remove_tombstones_of};
use isogloss_core::directory::{Change, Changed, DigestKeys, InvalidChange};

use super::authority_links::is_taken;
use super::session::Session;
use super::transaction::PostgresTables;
use super::write::alone;
use crate::row::Result;

/// The result of a query, and within it the result of a change, or why it is invalid.
pub(super) type Done<T> = Result<std::result::Result<T, InvalidChange>>;

/// Makes a change. Returns `Ok(Ok(_))` with the changed entry, and `Ok(Err(_))` with the reason if the change is
/// invalid. Fails if a query fails. Without success, nothing is changed.
pub(super) async fn make(
    connection: &mut Session,
    change: Change,
    digests: Arc<DigestKeys>,
) -> Done<Changed> {
    let names = change.given_names();
    let mut transaction = connection.begin().await?;
    alone(&mut transaction).await?;
    match change.apply(&mut PostgresTables(&mut transaction)).await {
        Ok(changed) => {
            remove_tombstones_of(&mut PostgresTables(&mut transaction), &digests, &names).await?;
            transaction.commit().await.map(|()| Ok(changed))
        }
        Err(abort) => invalid(abort).map(Err),
    }
}

/// Makes a change and rolls it back. Returns `Ok(Ok(()))` if the change is valid, and `Ok(Err(_))` with the reason if it
/// is not. Fails if a query fails.
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
        // The lock of changes excludes this, except for writers that do not take it.
        Abort::Failed(error) if is_taken(&error) => {
            let reason = "another user has the same external id at this authority";
            Ok(InvalidChange::Conflict(reason.to_owned()))
        }
        Abort::Failed(error) => Err(error),
    }
}
