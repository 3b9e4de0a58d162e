//! The usage table in SQLite.

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::backend::directory::{
    StoredUsage, UsageInTable, UsagePlace, usage_row_ids, usage_user_agents,
};
use isogloss_core::backend::milliseconds;
use isogloss_core::usage::{
    ClientPage, DayFilter, LastUse, NamedUse, OTHER, UsageBatch, UsageDay, UsageRows, UsageSummary,
    UsageTable, UseFilter,
};
use sqlx::{QueryBuilder, Sqlite, query, query_as, query_scalar};
use time::{Date, OffsetDateTime};

use super::connections::Connections;
use super::{SqliteDirectory, failed, usage_days, user_uses};
use crate::row;
use crate::row::columns::{USAGE, select};
use crate::usage_clients;

#[async_trait]
impl UsageTable for SqliteDirectory {
    async fn add_usage(&self, added: &UsageBatch, room: usize) -> Result<(), StoreError> {
        add(&self.pool, added, room).await.map_err(failed)
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

    async fn usage_summaries(&self) -> Result<Vec<UsageSummary>, StoreError> {
        let rows = query(usage_clients::summaries()).fetch_all(&self.pool);
        let rows = rows.await.map_err(failed)?;
        let summaries: sqlx::Result<_> = rows.iter().map(row::usage_summary).collect();
        summaries.map_err(failed)
    }

    async fn usage_of_clients(&self, page: &ClientPage) -> Result<UsageRows, StoreError> {
        let mut statement: QueryBuilder<Sqlite> = usage_clients::statement(page);
        let rows = statement.build().fetch_all(&self.pool).await;
        let rows = rows.map_err(failed)?;
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

    async fn usage_days(&self, filter: &DayFilter) -> Result<Vec<UsageDay>, StoreError> {
        usage_days::list(&self.pool, filter).await.map_err(failed)
    }

    async fn remove_usage_days(&self, before: Date) -> Result<u64, StoreError> {
        usage_days::remove(&self.pool, before).await.map_err(failed)
    }

    async fn user_uses(&self, filter: &UseFilter) -> Result<Vec<NamedUse>, StoreError> {
        user_uses::list(&self.pool, filter).await.map_err(failed)
    }

    async fn last_uses(&self, dialects: &[String]) -> Result<Vec<LastUse>, StoreError> {
        user_uses::last(&self.pool, dialects).await.map_err(failed)
    }
}

async fn add(pool: &Connections, batch: &UsageBatch, room: usize) -> sqlx::Result<()> {
    let added = batch.rows();
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
    let places: Vec<UsagePlace> = query_as(
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
        places: places.clone(),
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
    usage_days::add(&mut transaction, batch.days(), places).await?;
    user_uses::add(&mut transaction, &batch.users()).await?;
    transaction.commit().await
}
