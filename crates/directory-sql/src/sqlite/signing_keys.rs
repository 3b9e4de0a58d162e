//! The sealed keys of JWTs in SQLite.

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::directory::{SealedSigningKey, SigningKeys};
use sqlx::{QueryBuilder, Sqlite, query};
use time::OffsetDateTime;

use super::{SqliteDirectory, failed};
use crate::row;

#[async_trait]
impl SigningKeys for SqliteDirectory {
    async fn signing_keys(
        &self,
        secret_ids: &[String],
    ) -> Result<Vec<SealedSigningKey>, StoreError> {
        let mut select = QueryBuilder::<Sqlite>::new(
            "SELECT secret_id, algorithm, period, sealed, created_at FROM signing_keys
             WHERE secret_id IN (",
        );
        let mut ids = select.separated(", ");
        for id in secret_ids {
            ids.push_bind(id);
        }
        select.push(")");
        let rows = select.build().fetch_all(&self.pool).await.map_err(failed)?;
        let keys: row::Result<_> = rows.iter().map(row::signing_key).collect();
        keys.map_err(failed)
    }

    async fn add_signing_key(&self, key: &SealedSigningKey) -> Result<bool, StoreError> {
        let added = query(
            "INSERT INTO signing_keys (secret_id, algorithm, period, sealed, created_at)
             VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(&key.secret_id)
        .bind(&key.algorithm)
        .bind(key.period)
        .bind(&key.sealed)
        .bind(key.created_at.unix_timestamp())
        .execute(&self.pool)
        .await
        .map_err(failed)?;
        Ok(added.rows_affected() > 0)
    }

    async fn remove_signing_keys(&self, made_before: OffsetDateTime) -> Result<u64, StoreError> {
        let removed = query("DELETE FROM signing_keys WHERE created_at < ?")
            .bind(made_before.unix_timestamp())
            .execute(&self.pool)
            .await
            .map_err(failed)?;
        Ok(removed.rows_affected())
    }
}
