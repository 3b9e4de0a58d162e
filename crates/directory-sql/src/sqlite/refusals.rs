//! The table of refused requests in SQLite.

use std::sync::Arc;

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::backend::milliseconds;
use isogloss_core::refusals::{RefusalFilter, RefusalPruning, RefusalTable, RefusedRequest};
use secrecy::ExposeSecret;
use sqlx::{query, query_as};

use super::connections::Connections;
use super::{SqliteDirectory, failed};
use crate::row;

#[async_trait]
impl RefusalTable for SqliteDirectory {
    async fn insert_refusals(&self, refused: Vec<Arc<RefusedRequest>>) -> Result<(), StoreError> {
        insert(&self.pool, &refused).await.map_err(failed)
    }

    async fn find_refusals(
        &self,
        filter: &RefusalFilter,
    ) -> Result<Vec<RefusedRequest>, StoreError> {
        let rows = find(&self.pool, filter).await.map_err(failed)?;
        Ok(row::refused_requests(rows))
    }

    async fn prune_refusals(&self, pruning: RefusalPruning) -> Result<u64, StoreError> {
        prune(&self.pool, pruning).await.map_err(failed)
    }
}

async fn insert(pool: &Connections, refused: &[Arc<RefusedRequest>]) -> sqlx::Result<()> {
    let mut transaction = pool.begin().await?;
    for one in refused {
        query(
            "INSERT INTO refused_requests
                 (time, request_id, dialect, user, name_hash, source, name, entry)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(milliseconds(one.time))
        .bind(one.request_id.map(|id| id.to_string()))
        .bind(&one.dialect)
        .bind(one.user.map(|user| user.to_string()))
        .bind(&one.name_hash)
        .bind(&one.source)
        .bind(one.name.as_ref().map(ExposeSecret::expose_secret))
        .bind(one.entry())
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await
}

async fn find(
    pool: &Connections,
    filter: &RefusalFilter,
) -> sqlx::Result<Vec<(String, Option<String>)>> {
    let who = filter.who.clone().unwrap_or_default();
    let hashes: Vec<_> = who.name_hashes.iter().map(ToString::to_string).collect();
    let hashes = serde_json::to_string(&hashes).unwrap_or_default();
    query_as(
        "SELECT entry, name FROM refused_requests
         WHERE (?1 IS NULL OR request_id = ?1)
             AND (?2 OR id IN (
                 SELECT id FROM refused_requests WHERE user = ?3
                 UNION SELECT id FROM refused_requests
                     WHERE name_hash IN (SELECT value FROM json_each(?4))))
             AND (?5 IS NULL OR source = ?5)
             AND (?6 IS NULL OR dialect = ?6)
             AND time >= ?7 AND time < ?8
         ORDER BY time DESC, id DESC LIMIT ?9",
    )
    .bind(filter.request_id.map(|id| id.to_string()))
    .bind(filter.who.is_none())
    .bind(who.user.map(|user| user.to_string()))
    .bind(hashes)
    .bind(&filter.source)
    .bind(&filter.dialect)
    .bind(filter.since.map_or(i64::MIN, milliseconds))
    .bind(filter.until.map_or(i64::MAX, milliseconds))
    .bind(filter.limit)
    .fetch_all(pool)
    .await
}

async fn prune(pool: &Connections, pruning: RefusalPruning) -> sqlx::Result<u64> {
    let room = i64::try_from(pruning.room).unwrap_or(i64::MAX);
    let mut transaction = pool.begin().await?;
    query("UPDATE refused_requests SET name = NULL WHERE name IS NOT NULL AND time < ?")
        .bind(milliseconds(pruning.names_before))
        .execute(&mut *transaction)
        .await?;
    let removed = query(
        "DELETE FROM refused_requests
         WHERE time < ? OR id <= (SELECT max(id) - ? FROM refused_requests)",
    )
    .bind(milliseconds(pruning.before))
    .bind(room)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(removed.rows_affected())
}
