//! The usage table in SQLite.

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::backend::directory::{
    StoredUsage, UsageInTable, usage_row_ids, usage_user_agents,
};
use isogloss_core::backend::milliseconds;
use isogloss_core::usage::{OTHER, UsageRows, UsageTable};
use sqlx::{query, query_as, query_scalar};
use time::OffsetDateTime;

use super::connections::Connections;
use super::{SqliteDirectory, failed};
use crate::row;
use crate::row::columns::{USAGE, select};

#[async_trait]
impl UsageTable for SqliteDirectory {
    async fn add_usage(&self, rows: &UsageRows, room: usize) -> Result<(), StoreError> {
        add(&self.pool, rows, room).await.map_err(failed)
    }

    async fn usage(&self, since: OffsetDateTime) -> Result<UsageRows, StoreError> {
        let rows = query(select(USAGE, " FROM usage WHERE last_seen >= ?"))
            .bind(milliseconds(since))
            .fetch_all(&self.pool)
            .await
            .map_err(failed)?;
        let stored: sqlx::Result<_> = rows.iter().map(row::usage).collect();
        stored.map(StoredUsage::read).map_err(failed)
    }

    async fn remove_usage(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let removed = query("DELETE FROM usage WHERE last_seen < ?")
            .bind(milliseconds(before))
            .execute(&self.pool)
            .await;
        removed.map(|done| done.rows_affected()).map_err(failed)
    }
}

async fn add(pool: &Connections, added: &UsageRows, room: usize) -> sqlx::Result<()> {
    let mut transaction = pool.begin().await?;
    let ids = serde_json::to_string(&usage_row_ids(added)).unwrap_or_default();
    let stored = query(select(
        USAGE,
        " FROM usage WHERE id IN (SELECT value FROM json_each(?))",
    ))
    .bind(ids)
    .fetch_all(&mut *transaction)
    .await?;
    let stored: sqlx::Result<_> = stored.iter().map(row::usage).collect();
    let agents = serde_json::to_string(&usage_user_agents(added)).unwrap_or_default();
    let places = query_as(
        "SELECT DISTINCT dialect, user_agent, network FROM usage
         WHERE known AND user_agent IN (SELECT value FROM json_each(?))",
    )
    .bind(agents)
    .fetch_all(&mut *transaction)
    .await?;
    let known = query_scalar("SELECT count(*) FROM usage WHERE known AND user_agent <> ?")
        .bind(OTHER)
        .fetch_one(&mut *transaction)
        .await?;
    let stored = stored?;
    let rows = UsageInTable {
        stored,
        places,
        known,
    };
    for row in rows.after(added, room) {
        query(
            "INSERT OR REPLACE INTO usage
                 (id, dialect, revision, endpoint, application, key_label, client, user_agent, network,
                  known, first_seen, last_seen, last_served, calls, refused, users,
                  expired_tokens, expired_calls, expired_youngest, expired_oldest)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.id)
        .bind(row.dialect)
        .bind(row.revision)
        .bind(row.endpoint)
        .bind(row.application)
        .bind(row.key_label)
        .bind(row.client)
        .bind(row.user_agent)
        .bind(row.network)
        .bind(row.known)
        .bind(row.first_seen)
        .bind(row.last_seen)
        .bind(row.last_served)
        .bind(row.calls)
        .bind(row.refused)
        .bind(row.users)
        .bind(row.expired_tokens)
        .bind(row.expired_calls)
        .bind(row.expired_youngest)
        .bind(row.expired_oldest)
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await
}
