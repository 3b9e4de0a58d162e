//! The table of the audit log in PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use isogloss_core::audit::{AuditTable, Event, EventFilter, EventKind, EventSearch, FoundEvent};
use isogloss_core::backend::milliseconds;
use isogloss_core::{StoreError, TokenDigest};
use sqlx::postgres::PgConnection;
use sqlx::{query, query_scalar};
use time::OffsetDateTime;

use super::directory::can_be_stored;
use super::session::Session;
use super::{PostgresDirectory, audit_search};

#[async_trait]
impl AuditTable for PostgresDirectory {
    async fn insert_events(&self, events: Vec<Arc<Event>>) -> Result<(), StoreError> {
        self.once(move |c| Box::pin(keep(c, events.clone()))).await
    }

    async fn find_events(&self, filter: &EventFilter) -> Result<Vec<String>, StoreError> {
        let filter = filter.clone();
        self.run_idempotent(move |c| Box::pin(find(c, filter.clone())))
            .await
    }

    async fn events_of_token(&self, handle: TokenDigest) -> Result<Vec<String>, StoreError> {
        self.run_idempotent(move |c| {
            Box::pin(async move {
                let found = "SELECT line FROM audit WHERE handle = $1 ORDER BY time DESC, id DESC LIMIT 100";
                query_scalar(found)
                    .bind(handle.to_string())
                    .fetch_all(&mut **c)
                    .await
            })
        })
        .await
    }

    async fn search_events(&self, search: &EventSearch) -> Result<Vec<FoundEvent>, StoreError> {
        let texts = [&search.dialect, &search.source];
        if !texts.into_iter().flatten().all(|text| can_be_stored(text)) {
            return Ok(Vec::new());
        }
        let search = search.clone();
        self.run_idempotent(move |c| Box::pin(audit_search::find(c, search.clone())))
            .await
    }

    async fn remove_events(&self, before: OffsetDateTime, limit: u32) -> Result<u64, StoreError> {
        self.once(move |c| Box::pin(remove(c, before, limit))).await
    }
}

async fn keep(connection: &mut Session, events: Vec<Arc<Event>>) -> sqlx::Result<()> {
    fn each<T>(events: &[Arc<Event>], value: impl Fn(&Event) -> T) -> Vec<T> {
        events.iter().map(|event| value(event)).collect()
    }
    let mut transaction = connection.begin().await?;
    query(
        "INSERT INTO audit (time, event, user_id, actor, name_hash, line, outcome, dialect, source, handle)
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[],
                              $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])",
    )
    .bind(each(&events, |event| milliseconds(event.time)))
    .bind(each(&events, |event| event.event.name()))
    .bind(each(&events, |event| {
        event.user.map(|user| user.to_string())
    }))
    .bind(each(&events, |event| {
        event.actor.as_ref().map(ToString::to_string)
    }))
    .bind(each(&events, |event| {
        event.name_hash.map(|hash| hash.to_string())
    }))
    .bind(each(&events, Event::line))
    .bind(each(&events, |event| event.outcome.name()))
    .bind(each(&events, |event| {
        event
            .dialect
            .as_ref()
            .map(|dialect| dialect.replace('\0', "\u{FFFD}"))
    }))
    .bind(each(&events, |event| {
        event.source.map(|source| source.to_string())
    }))
    .bind(each(&events, |event| {
        event.handle.map(|handle| handle.to_string())
    }))
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}

async fn find(connection: &mut PgConnection, filter: EventFilter) -> sqlx::Result<Vec<String>> {
    let who = filter.who.clone().unwrap_or_default();
    let hashes: Vec<_> = who.name_hashes.iter().map(ToString::to_string).collect();
    query_scalar(
        "SELECT line FROM audit
         WHERE ($1 IS NULL OR event = $1) AND time >= $2
             AND ($3 OR id IN (
                 SELECT id FROM audit WHERE user_id = $4
                 UNION SELECT id FROM audit WHERE actor = $4
                 UNION SELECT id FROM audit WHERE name_hash = ANY($5)))
         ORDER BY time DESC, id DESC LIMIT $6",
    )
    .bind(filter.event.map(EventKind::name))
    .bind(filter.since.map_or(i64::MIN, milliseconds))
    .bind(filter.who.is_none())
    .bind(who.user.map(|user| user.to_string()))
    .bind(hashes)
    .bind(i64::from(filter.limit))
    .fetch_all(connection)
    .await
}

async fn remove(
    connection: &mut PgConnection,
    before: OffsetDateTime,
    limit: u32,
) -> sqlx::Result<u64> {
    let removed = query(
        "DELETE FROM audit
         WHERE id IN (SELECT id FROM audit WHERE time < $1 ORDER BY time LIMIT $2)",
    )
    .bind(milliseconds(before))
    .bind(i64::from(limit))
    .execute(connection)
    .await;
    removed.map(|done| done.rows_affected())
}
