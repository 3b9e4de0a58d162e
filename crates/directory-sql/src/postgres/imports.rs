//! Applies directory files in one transaction, and records the last one.

use std::sync::Arc;

use isogloss_core::backend::directory::{Changes, ErasureTable as _, OpenKeys, fill_looks};
use isogloss_core::directory::{Applied, DigestKeys, ImportError, Present, Wanted};
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, query};

use super::belongings::{put_origin, put_user};
use super::digest_keys::renewals_wait;
use super::session::Session;
use super::transaction::PostgresTables;
use super::write::{alone, forget, put_organisation, unlimited};
use super::{api_keys, present};
use crate::row::Result;

/// Applies a directory file. Returns `Ok(Ok(_))` with the numbers of changed entries, and `Ok(Err(_))` with the
/// reason if the file was not applied. Fails if a query fails. Without success, nothing is changed.
pub(super) async fn apply(
    connection: &mut Session,
    wanted: Wanted,
    digests: Arc<DigestKeys>,
) -> Result<std::result::Result<Applied, ImportError>> {
    let mut transaction = connection.begin().await?;
    unlimited(&mut transaction).await?;
    alone(&mut transaction).await?;
    renewals_wait(&mut transaction).await?;
    let mut tables = PostgresTables(&mut transaction);
    let ring = digests.take_over(&mut tables, &wanted.digest_keys);
    let ring = ring.await?;
    let open = OpenKeys::at(Arc::clone(&ring), digests.now());
    fill_looks(&mut tables).await?;
    let present = present::read(&mut transaction, &wanted, open).await?;
    let changes = match Changes::of(&present, &wanted) {
        Ok(changes) => changes,
        Err(unfit) => return Ok(Err(unfit)),
    };
    for organisation in &changes.organisations {
        put_organisation(&mut transaction, organisation).await?;
    }
    // Users in one file may exchange names and links, which would violate the unique key on the way.
    let known = changes.users.iter().filter(|user| user.known.is_some());
    for user in known.filter(|user| user.differs) {
        let statement = "DELETE FROM logins WHERE user_id = $1";
        forget(&mut transaction, statement, user.entry.id).await?;
    }
    for user in changes.users.iter().filter(|user| user.replaces_link()) {
        let statement = "UPDATE users SET external_id = NULL WHERE id = $1";
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
        let mut tables = PostgresTables(&mut transaction);
        tables.put_tombstone(*digest, digests.now()).await?;
    }
    transaction.commit().await?;
    digests.keep(&ring);
    Ok(Ok(changes.applied))
}

/// Reads the stored entries that a file concerns, as one transaction sees them. Fails if a query fails.
pub(super) async fn present(
    connection: &mut PgConnection,
    wanted: Wanted,
    open: OpenKeys,
) -> Result<Present> {
    let mut transaction = connection
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    unlimited(&mut transaction).await?;
    let present = present::read(&mut transaction, &wanted, open).await?;
    transaction.commit().await?;
    Ok(present)
}

/// Records the fingerprint of the directory file that was applied last, and removes the one before. Fails if a
/// query fails.
pub(super) async fn note(connection: &mut Session, fingerprint: [u8; 32]) -> Result<()> {
    let mut transaction = connection.begin().await?;
    for statement in [
        "DELETE FROM imports WHERE fingerprint <> $1",
        "INSERT INTO imports (fingerprint) VALUES ($1) ON CONFLICT DO NOTHING",
    ] {
        query(statement)
            .bind(fingerprint.as_slice())
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await
}
