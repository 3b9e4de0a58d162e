//! The audit log's table.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Error, query, query_scalar};
use time::OffsetDateTime;

use super::{PostgresDirectory, failed};
use crate::audit::{AuditTable, Event, Filter, Kind};
use crate::clock::milliseconds;
use crate::error::StoreError;

/// SQLSTATE of the question for a transaction that there has not been yet.
const IN_THE_FUTURE: &str = "22023";

#[async_trait]
impl AuditTable for PostgresDirectory {
    async fn keep_events(&self, events: Vec<Arc<Event>>) -> Result<(), StoreError> {
        let unsure = Arc::clone(&self.unsure_events);
        let earlier = locked(&unsure).clone().filter(|one| one.is_of(&events));
        if let Some(Batch { transaction, .. }) = earlier {
            let outcome = self.ask(move |c| Box::pin(outcome(c, transaction.clone())));
            match outcome.await?.as_deref() {
                Some("committed") => {
                    *locked(&unsure) = None;
                    return Ok(());
                }
                Some("in progress") => {
                    return Err(failed("the server still works on these events"));
                }
                Some(_) | None => {}
            }
        }
        let kept = Arc::clone(&unsure);
        self.once(move |c| Box::pin(keep(c, events.clone(), Arc::clone(&kept))))
            .await?;
        *locked(&unsure) = None;
        Ok(())
    }

    async fn find_events(&self, filter: &Filter) -> Result<Vec<String>, StoreError> {
        let filter = filter.clone();
        self.ask(move |c| Box::pin(find(c, filter.clone()))).await
    }

    async fn remove_events(&self, before: OffsetDateTime, limit: u32) -> Result<u64, StoreError> {
        self.once(move |c| Box::pin(remove(c, before, limit))).await
    }
}

/// Events that were sent to be kept, and the transaction that keeps them.
#[derive(Clone)]
pub(super) struct Batch {
    events: Vec<Arc<Event>>,
    transaction: String,
}

/// The last batch, until the server has answered that it is kept.
pub(super) type Unsure = Arc<Mutex<Option<Batch>>>;

impl Batch {
    /// Whether these are the same events. Others may look alike.
    fn is_of(&self, events: &[Arc<Event>]) -> bool {
        self.events.len() == events.len()
            && self
                .events
                .iter()
                .zip(events)
                .all(|(a, b)| Arc::ptr_eq(a, b))
    }
}

fn locked(unsure: &Mutex<Option<Batch>>) -> MutexGuard<'_, Option<Batch>> {
    unsure.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns what became of a transaction; `None` if the server does not know it, as one that was promoted
/// before it was told.
async fn outcome(
    connection: &mut PgConnection,
    transaction: String,
) -> sqlx::Result<Option<String>> {
    let status = query_scalar("SELECT pg_xact_status($1::text::xid8)").bind(transaction);
    match status.fetch_one(connection).await {
        Err(Error::Database(error)) if error.code().as_deref() == Some(IN_THE_FUTURE) => Ok(None),
        status => status,
    }
}

async fn keep(
    connection: &mut PgConnection,
    events: Vec<Arc<Event>>,
    unsure: Unsure,
) -> sqlx::Result<()> {
    fn each<T>(events: &[Arc<Event>], value: impl Fn(&Event) -> T) -> Vec<T> {
        events.iter().map(|event| value(event)).collect()
    }
    let mut work = connection.begin().await?;
    query(
        "INSERT INTO audit (time, event, user_id, actor, name_hash, line)
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[],
                              $6::text[])",
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
    .execute(&mut *work)
    .await?;
    let transaction = query_scalar("SELECT pg_current_xact_id()::text")
        .fetch_one(&mut *work)
        .await?;
    *locked(&unsure) = Some(Batch {
        events,
        transaction,
    });
    work.commit().await
}

async fn find(connection: &mut PgConnection, filter: Filter) -> sqlx::Result<Vec<String>> {
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
    .bind(filter.event.map(Kind::name))
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
