//! The table of refused requests in SQLite.

use std::sync::Arc;

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::backend::milliseconds;
use isogloss_core::refusals::{RefusalFilter, RefusalPruning, RefusalTable, RefusedRequest};
use secrecy::ExposeSecret;
use sqlx::{QueryBuilder, Sqlite, query};

use super::connections::Connections;
use super::{SqliteDirectory, failed};
use crate::{refusal_search, row};

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
    let mut statement: QueryBuilder<Sqlite> = refusal_search::statement("user = ", filter);
    statement.build_query_as().fetch_all(pool).await
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
