//! The sealed keys of JWTs in PostgreSQL.

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::directory::{SealedSigningKey, SigningKeys};
use sqlx::postgres::PgConnection;
use sqlx::query;
use time::OffsetDateTime;

use super::PostgresDirectory;
use crate::row;

#[async_trait]
impl SigningKeys for PostgresDirectory {
    async fn signing_keys(
        &self,
        secret_ids: &[String],
    ) -> Result<Vec<SealedSigningKey>, StoreError> {
        let secret_ids = secret_ids.to_vec();
        self.run_idempotent(move |c| Box::pin(all(c, secret_ids.clone())))
            .await
    }

    async fn add_signing_key(&self, key: &SealedSigningKey) -> Result<bool, StoreError> {
        let key = key.clone();
        // A repeated attempt finds the row of the first one, and says so: callers read the key again.
        self.run_idempotent(move |c| Box::pin(add(c, key.clone())))
            .await
    }

    async fn remove_signing_keys(&self, made_before: OffsetDateTime) -> Result<u64, StoreError> {
        self.run_idempotent(move |c| Box::pin(remove(c, made_before)))
            .await
    }
}

async fn all(
    connection: &mut PgConnection,
    secret_ids: Vec<String>,
) -> row::Result<Vec<SealedSigningKey>> {
    let rows = query(
        "SELECT secret_id, algorithm, period, sealed, created_at FROM signing_keys
         WHERE secret_id = ANY($1)",
    )
    .bind(secret_ids)
    .fetch_all(connection)
    .await?;
    rows.iter().map(row::signing_key).collect()
}

async fn add(connection: &mut PgConnection, key: SealedSigningKey) -> row::Result<bool> {
    let added = query(
        "INSERT INTO signing_keys (secret_id, algorithm, period, sealed, created_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
    )
    .bind(key.secret_id)
    .bind(key.algorithm)
    .bind(key.period)
    .bind(key.sealed)
    .bind(key.created_at.unix_timestamp())
    .execute(connection)
    .await?;
    Ok(added.rows_affected() > 0)
}

async fn remove(connection: &mut PgConnection, made_before: OffsetDateTime) -> row::Result<u64> {
    let removed = query("DELETE FROM signing_keys WHERE created_at < $1")
        .bind(made_before.unix_timestamp())
        .execute(connection)
        .await?;
    Ok(removed.rows_affected())
}
