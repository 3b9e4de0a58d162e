//! The table of the audit log in SQLite.

use std::sync::Arc;

use async_trait::async_trait;
use isogloss_core::audit::{AuditTable, Event, EventFilter, EventKind, EventSearch, FoundEvent};
use isogloss_core::backend::milliseconds;
use isogloss_core::{StoreError, TokenDigest};
use sqlx::{query, query_scalar};
use time::OffsetDateTime;

use super::connections::Connections;
use super::{SqliteDirectory, audit_search, failed};

#[async_trait]
impl AuditTable for SqliteDirectory {
    async fn insert_events(&self, events: Vec<Arc<Event>>) -> Result<(), StoreError> {
        keep(&self.pool, &events).await.map_err(failed)
    }

    async fn find_events(&self, filter: &EventFilter) -> Result<Vec<String>, StoreError> {
        find(&self.pool, filter).await.map_err(failed)
    }

    async fn events_of_token(&self, handle: TokenDigest) -> Result<Vec<String>, StoreError> {
        let found = query_scalar(
            "SELECT line FROM audit WHERE handle = ? ORDER BY time DESC, id DESC LIMIT 100",
        );
        let found = found.bind(handle.to_string()).fetch_all(&self.pool).await;
        found.map_err(failed)
    }

    async fn search_events(&self, search: &EventSearch) -> Result<Vec<FoundEvent>, StoreError> {
        audit_search::find(&self.pool, search).await.map_err(failed)
    }

    async fn remove_events(&self, before: OffsetDateTime, limit: u32) -> Result<u64, StoreError> {
        let removed = query(
            "DELETE FROM audit
             WHERE id IN (SELECT id FROM audit WHERE time < ? ORDER BY time LIMIT ?)",
        )
        .bind(milliseconds(before))
        .bind(limit)
        .execute(&self.pool)
        .await;
        removed.map(|done| done.rows_affected()).map_err(failed)
    }
}

async fn keep(pool: &Connections, events: &[Arc<Event>]) -> sqlx::Result<()> {
    let mut transaction = pool.begin().await?;
    for event in events {
        query(
            "INSERT INTO audit (time, event, user, actor, name_hash, line, outcome, dialect, source, handle)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(milliseconds(event.time))
        .bind(event.event.name())
        .bind(event.user.map(|user| user.to_string()))
        .bind(event.actor.as_ref().map(ToString::to_string))
        .bind(event.name_hash.map(|hash| hash.to_string()))
        .bind(event.line())
        .bind(event.outcome.name())
        .bind(&event.dialect)
        .bind(event.source.map(|source| source.to_string()))
        .bind(event.handle.map(|handle| handle.to_string()))
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await
}

async fn find(pool: &Connections, filter: &EventFilter) -> sqlx::Result<Vec<String>> {
    let who = filter.who.clone().unwrap_or_default();
    let hashes: Vec<_> = who.name_hashes.iter().map(ToString::to_string).collect();
    let hashes = serde_json::to_string(&hashes).unwrap_or_default();
    query_scalar(
        "SELECT line FROM audit
         WHERE (?1 IS NULL OR event = ?1) AND time >= ?2
             AND (?3 OR id IN (
                 SELECT id FROM audit WHERE user = ?4
                 UNION SELECT id FROM audit WHERE actor = ?4
                 UNION SELECT id FROM audit WHERE name_hash IN (SELECT value FROM json_each(?5))))
         ORDER BY time DESC, id DESC LIMIT ?6",
    )
    .bind(filter.event.map(EventKind::name))
    .bind(filter.since.map_or(i64::MIN, milliseconds))
    .bind(filter.who.is_none())
    .bind(who.user.map(|user| user.to_string()))
    .bind(hashes)
    .bind(filter.limit)
    .fetch_all(pool)
    .await
}
