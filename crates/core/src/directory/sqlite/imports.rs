//! The directory file that was applied last.

use sqlx::query;
use sqlx::sqlite::SqlitePool;

use crate::directory::rows::Result;

/// Notes its fingerprint, and forgets that of the one before.
pub(super) async fn note(pool: &SqlitePool, fingerprint: &[u8; 32]) -> Result<()> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
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
