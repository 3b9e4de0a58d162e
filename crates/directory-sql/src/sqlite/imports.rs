//! Applies directory files in one transaction, and records the last one.

use std::sync::Arc;

use isogloss_core::backend::directory::{Changes, ErasureTable as _, OpenKeys, fill_looks};
use isogloss_core::directory::{Applied, ImportError, Wanted};
use sqlx::query;

use super::belongings::{put_origin, put_user};
use super::connections::Connections;
use super::transaction::SqliteTables;
use super::write::{forget, put_organisation};
use super::{SqliteDirectory, api_keys, present};
use crate::row::Result;

/// Applies a directory file. Returns `Ok(Ok(_))` with the numbers of changed entries, and `Ok(Err(_))` with the
/// reason if the file was not applied. Fails if a query fails. Without success, nothing is changed.
pub(super) async fn apply(
    directory: &SqliteDirectory,
    wanted: &Wanted,
) -> Result<std::result::Result<Applied, ImportError>> {
    let mut transaction = directory.pool.begin().await?;
    let digests = &directory.digests;
    let mut tables = SqliteTables(&mut transaction);
    let ring = digests.take_over(&mut tables, &wanted.digest_keys);
    let ring = ring.await?;
    let open = OpenKeys::at(Arc::clone(&ring), digests.now());
    fill_looks(&mut tables).await?;
    let present = present::read(&mut transaction, wanted, open).await?;
    let changes = match Changes::of(&present, wanted) {
        Ok(changes) => changes,
        Err(unfit) => {
            transaction.rollback().await?;
            return Ok(Err(unfit));
        }
    };
    for organisation in &changes.organisations {
        put_organisation(&mut transaction, organisation).await?;
    }
    // Users in one file may exchange names and links, which would violate the unique key on the way.
    let known = changes.users.iter().filter(|user| user.known.is_some());
    for user in known.filter(|user| user.differs) {
        forget(
            &mut transaction,
            "DELETE FROM logins WHERE user = ?",
            user.entry.id,
        )
        .await?;
    }
    for user in changes.users.iter().filter(|user| user.replaces_link()) {
        let statement = "UPDATE users SET external_id = NULL WHERE id = ?";
        forget(&mut transaction, statement, user.entry.id).await?;
    }
    for user in &changes.users {
        if user.differs {
            put_user(&mut transaction, user).await?;
        }
        put_origin(&mut transaction, user).await?;
    }
    for key in &changes.keys {
        api_keys::put(&mut transaction, key).await?;
    }
    for key in &changes.revoked_keys {
        api_keys::revoke(&mut transaction, key).await?;
    }
    for digest in &changes.erased {
        let mut tables = SqliteTables(&mut transaction);
        tables.put_tombstone(*digest, digests.now()).await?;
    }
    transaction.commit().await?;
    digests.keep(&ring);
    Ok(Ok(changes.applied))
}

/// Records the fingerprint of the directory file that was applied last, and removes the one before. Fails if a
/// query fails.
pub(super) async fn note(pool: &Connections, fingerprint: &[u8; 32]) -> Result<()> {
    let mut transaction = pool.begin().await?;
    for statement in [
        "DELETE FROM imports WHERE fingerprint <> ?",
        "INSERT INTO imports (fingerprint) VALUES (?) ON CONFLICT DO NOTHING",
    ] {
        query(statement)
            .bind(fingerprint.as_slice())
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await
}
