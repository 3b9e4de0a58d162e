//! Records the directory file that was applied last.

use sqlx::query;

use super::connections::Connections;
use crate::row::Result;

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
