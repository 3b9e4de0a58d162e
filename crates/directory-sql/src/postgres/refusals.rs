//! The table of refused requests in PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::backend::milliseconds;
use isogloss_core::refusals::{RefusalFilter, RefusalPruning, RefusalTable, RefusedRequest};
use secrecy::ExposeSecret as _;
use sqlx::postgres::PgConnection;
use sqlx::{Postgres, QueryBuilder, query};

use super::PostgresDirectory;
use super::session::Session;
use crate::{refusal_search, row};

#[async_trait]
impl RefusalTable for PostgresDirectory {
    async fn insert_refusals(&self, refused: Vec<Arc<RefusedRequest>>) -> Result<(), StoreError> {
        self.once(move |c| Box::pin(insert(c, refused.clone())))
            .await
    }

    async fn find_refusals(
        &self,
        filter: &RefusalFilter,
    ) -> Result<Vec<RefusedRequest>, StoreError> {
        let filter = filter.clone();
        let rows = self
            .run_idempotent(move |c| Box::pin(find(c, filter.clone())))
            .await?;
        Ok(row::refused_requests(rows))
    }

    async fn prune_refusals(&self, pruning: RefusalPruning) -> Result<u64, StoreError> {
        self.once(move |c| Box::pin(prune(c, pruning))).await
    }
}

async fn insert(connection: &mut Session, refused: Vec<Arc<RefusedRequest>>) -> sqlx::Result<()> {
    fn each<T>(refused: &[Arc<RefusedRequest>], value: impl Fn(&RefusedRequest) -> T) -> Vec<T> {
        refused.iter().map(|one| value(one)).collect()
    }
    let storable = |text: &str| text.replace('\0', "\u{FFFD}");
    let mut transaction = connection.begin().await?;
    query(
        "INSERT INTO refused_requests
             (time, request_id, dialect, user_id, name_hash, source, name, entry)
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[],
                              $6::text[], $7::text[], $8::text[])",
    )
    .bind(each(&refused, |one| milliseconds(one.time)))
    .bind(each(&refused, |one| {
        one.request_id.map(|id| id.to_string())
    }))
    .bind(each(&refused, |one| one.dialect.clone()))
    .bind(each(&refused, |one| one.user.map(|user| user.to_string())))
    .bind(each(&refused, |one| one.name_hash.clone()))
    .bind(each(&refused, |one| one.source.clone()))
    .bind(each(&refused, |one| {
        let name = one.name.as_ref();
        name.map(|name| storable(name.expose_secret()))
    }))
    .bind(each(&refused, RefusedRequest::entry))
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}

async fn find(
    connection: &mut PgConnection,
    filter: RefusalFilter,
) -> sqlx::Result<Vec<(String, Option<String>)>> {
    let mut statement: QueryBuilder<Postgres> = refusal_search::statement("user_id = ", &filter);
    statement.build_query_as().fetch_all(connection).await
}

async fn prune(connection: &mut Session, pruning: RefusalPruning) -> sqlx::Result<u64> {
    let room = i64::try_from(pruning.room).unwrap_or(i64::MAX);
    let mut transaction = connection.begin().await?;
    query("UPDATE refused_requests SET name = NULL WHERE name IS NOT NULL AND time < $1")
        .bind(milliseconds(pruning.names_before))
        .execute(&mut *transaction)
        .await?;
    let removed = query(
        "DELETE FROM refused_requests
         WHERE time < $1 OR id <= (SELECT max(id) - $2 FROM refused_requests)",
    )
    .bind(milliseconds(pruning.before))
    .bind(room)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(removed.rows_affected())
}
