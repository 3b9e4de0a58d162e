//! The usage table in PostgreSQL.

use std::sync::Arc;

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
use sqlx::postgres::PgConnection;
use sqlx::{Postgres, QueryBuilder, query, query_as, query_scalar};
use time::{Date, OffsetDateTime};

use super::session::Session;
use super::{PostgresDirectory, usage_days, user_uses};
use crate::row;
use crate::row::columns::{USAGE, select};
use crate::usage_clients;

#[async_trait]
impl UsageTable for PostgresDirectory {
    async fn add_usage(&self, added: &UsageBatch, room: usize) -> Result<(), StoreError> {
        let added = Arc::new(added.clone());
        self.once(move |c| Box::pin(add(c, Arc::clone(&added), room)))
            .await
    }

    async fn usage(&self, since: OffsetDateTime) -> Result<UsageRows, StoreError> {
        self.run_idempotent(move |c| Box::pin(seen(c, since))).await
    }

    async fn usage_summaries(&self) -> Result<Vec<UsageSummary>, StoreError> {
        self.run_idempotent(|c| Box::pin(summaries(c))).await
    }

    async fn usage_of_clients(&self, page: &ClientPage) -> Result<UsageRows, StoreError> {
        let page = page.clone();
        self.run_idempotent(move |c| Box::pin(of_clients(c, page.clone())))
            .await
    }

    async fn remove_usage(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        self.once(move |c| Box::pin(remove(c, before))).await
    }

    async fn usage_days(&self, filter: &DayFilter) -> Result<Vec<UsageDay>, StoreError> {
        let filter = filter.clone();
        self.run_idempotent(move |c| Box::pin(usage_days::list(c, filter.clone())))
            .await
    }

    async fn remove_usage_days(&self, before: Date) -> Result<u64, StoreError> {
        self.once(move |c| Box::pin(usage_days::remove(c, before)))
            .await
    }

    async fn user_uses(&self, filter: &UseFilter) -> Result<Vec<NamedUse>, StoreError> {
        let filter = filter.clone();
        self.run_idempotent(move |c| Box::pin(user_uses::list(c, filter.clone())))
            .await
    }

    async fn last_uses(&self, dialects: &[String]) -> Result<Vec<LastUse>, StoreError> {
        let dialects = dialects.to_vec();
        self.run_idempotent(move |c| Box::pin(user_uses::last(c, dialects.clone())))
            .await
    }
}

/// Adds counts to the table, which has at most `room` rows of known clients. Locks the table, because a new sketch is
/// computed from the stored one. Fails if a query fails.
async fn add(connection: &mut Session, added: Arc<UsageBatch>, room: usize) -> sqlx::Result<()> {
    let uses: Vec<_> = added.users().into_iter().cloned().collect();
    let rows = added.rows();
    let mut transaction = connection.begin().await?;
    let locked = user_uses::lock_users(&mut transaction, &uses).await?;
    query("LOCK TABLE usage IN EXCLUSIVE MODE")
        .execute(&mut *transaction)
        .await?;
    let stored = query(select(USAGE, " FROM usage WHERE id = ANY($1)"))
        .bind(usage_row_ids(rows))
        .fetch_all(&mut *transaction)
        .await?;
    let stored: sqlx::Result<_> = stored.iter().map(row::usage).collect();
    let places: Vec<UsagePlace> = query_as(
        "SELECT DISTINCT dialect, user_agent, network FROM usage
         WHERE known AND user_agent = ANY($1)",
    )
    .bind(usage_user_agents(rows))
    .fetch_all(&mut *transaction)
    .await?;
    let known = query_scalar("SELECT count(*) FROM usage WHERE known AND user_agent <> $1")
        .bind(OTHER)
        .fetch_one(&mut *transaction)
        .await?;
    let stored = stored?;
    let in_table = UsageInTable {
        stored,
        places: places.clone(),
        known,
    };
    write(&mut transaction, &in_table.after(rows, room)).await?;
    usage_days::add(&mut transaction, added.days(), places).await?;
    user_uses::add(&mut transaction, &uses, locked).await?;
    transaction.commit().await
}

async fn write(connection: &mut PgConnection, rows: &[StoredUsage]) -> sqlx::Result<()> {
    fn each<T>(rows: &[StoredUsage], value: impl Fn(&StoredUsage) -> T) -> Vec<T> {
        rows.iter().map(value).collect()
    }
    query(
        "INSERT INTO usage
             (id, dialect, revision, endpoint, application, key_label, client, user_agent, network,
              known, first_seen, last_seen, last_served, calls, refused, users,
              expired_tokens, expired_calls, expired_youngest, expired_oldest)
         SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                              $7::text[], $8::text[], $9::text[], $10::boolean[], $11::bigint[],
                              $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[],
                              $16::bytea[], $17::bigint[], $18::bigint[], $19::bigint[],
                              $20::bigint[])
         ON CONFLICT (id) DO UPDATE SET
             known = excluded.known, first_seen = excluded.first_seen,
             last_seen = excluded.last_seen, last_served = excluded.last_served,
             calls = excluded.calls, refused = excluded.refused, users = excluded.users,
             expired_tokens = excluded.expired_tokens, expired_calls = excluded.expired_calls,
             expired_youngest = excluded.expired_youngest,
             expired_oldest = excluded.expired_oldest",
    )
    .bind(each(rows, |row| row.id.clone()))
    .bind(each(rows, |row| row.dialect.clone()))
    .bind(each(rows, |row| row.revision.clone()))
    .bind(each(rows, |row| row.endpoint.clone()))
    .bind(each(rows, |row| row.application.clone()))
    .bind(each(rows, |row| row.key_label.clone()))
    .bind(each(rows, |row| row.client.clone()))
    .bind(each(rows, |row| row.user_agent.clone()))
    .bind(each(rows, |row| row.network.clone()))
    .bind(each(rows, |row| row.known))
    .bind(each(rows, |row| row.first_seen))
    .bind(each(rows, |row| row.last_seen))
    .bind(each(rows, |row| row.last_served))
    .bind(each(rows, |row| row.calls))
    .bind(each(rows, |row| row.refused))
    .bind(each(rows, |row| row.users.clone()))
    .bind(each(rows, |row| row.expired_tokens))
    .bind(each(rows, |row| row.expired_calls))
    .bind(each(rows, |row| row.expired_youngest))
    .bind(each(rows, |row| row.expired_oldest))
    .execute(connection)
    .await
    .map(drop)
}

async fn seen(connection: &mut PgConnection, since: OffsetDateTime) -> sqlx::Result<UsageRows> {
    let rows = query(select(USAGE, " FROM usage WHERE last_seen >= $1"))
        .bind(milliseconds(since))
        .fetch_all(connection)
        .await?;
    let stored: sqlx::Result<_> = rows.iter().map(row::usage).collect();
    stored.map(StoredUsage::read)
}

async fn summaries(connection: &mut PgConnection) -> sqlx::Result<Vec<UsageSummary>> {
    let rows = query(usage_clients::summaries())
        .fetch_all(connection)
        .await?;
    rows.iter().map(row::usage_summary).collect()
}

async fn of_clients(connection: &mut PgConnection, page: ClientPage) -> sqlx::Result<UsageRows> {
    let mut statement: QueryBuilder<Postgres> = usage_clients::statement(&page);
    let rows = statement.build().fetch_all(connection).await?;
    let stored: sqlx::Result<_> = rows.iter().map(row::usage).collect();
    stored.map(StoredUsage::read)
}

async fn remove(connection: &mut PgConnection, before: OffsetDateTime) -> sqlx::Result<u64> {
    let removed = query("DELETE FROM usage WHERE last_seen < $1")
        .bind(milliseconds(before))
        .execute(connection)
        .await;
    removed.map(|done| done.rows_affected())
}
