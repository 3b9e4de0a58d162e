//! Turns of synchronisations in PostgreSQL.

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::directory::{SyncRecord, SyncTurn, Synchronisations};
use sqlx::postgres::PgConnection;
use sqlx::query;

use super::PostgresDirectory;
use crate::row::{self, Result};

#[async_trait]
impl Synchronisations for PostgresDirectory {
    async fn begin_synchronisation(
        &self,
        turn: &SyncTurn,
    ) -> std::result::Result<bool, StoreError> {
        let turn = turn.clone();
        // A repeated attempt finds its own row.
        self.run_idempotent(move |c| Box::pin(begin(c, turn.clone())))
            .await
    }

    async fn renew_synchronisation(
        &self,
        turn: &SyncTurn,
    ) -> std::result::Result<bool, StoreError> {
        let turn = turn.clone();
        self.run_idempotent(move |c| Box::pin(renew(c, turn.clone())))
            .await
    }

    async fn end_synchronisation(
        &self,
        turn: &SyncTurn,
        outcome: &str,
    ) -> std::result::Result<(), StoreError> {
        let (turn, outcome) = (turn.clone(), outcome.to_owned());
        self.run_idempotent(move |c| Box::pin(end(c, turn.clone(), outcome.clone())))
            .await
    }

    async fn synchronisation(
        &self,
        authority: &str,
    ) -> std::result::Result<Option<SyncRecord>, StoreError> {
        let authority = authority.to_owned();
        self.run_idempotent(move |c| Box::pin(record(c, authority.clone())))
            .await
    }
}

async fn begin(connection: &mut PgConnection, turn: SyncTurn) -> Result<bool> {
    let begun = query(
        "INSERT INTO synchronisations AS s (authority, holder, held_until, begun_at)
         VALUES ($1, $2, floor(extract(epoch FROM now()))::bigint + $3,
                 floor(extract(epoch FROM now()))::bigint)
         ON CONFLICT (authority) DO UPDATE SET
             holder = excluded.holder, held_until = excluded.held_until,
             begun_at = excluded.begun_at
         WHERE s.holder = excluded.holder
             OR ((s.holder IS NULL OR s.held_until <= excluded.begun_at)
                 AND ($4::bigint = 0 OR s.begun_at <= excluded.begun_at - $4::bigint))",
    )
    .bind(turn.authority)
    .bind(turn.holder)
    .bind(row::seconds(turn.lease))
    .bind(row::seconds(turn.interval))
    .execute(connection)
    .await?;
    Ok(begun.rows_affected() == 1)
}

async fn renew(connection: &mut PgConnection, turn: SyncTurn) -> Result<bool> {
    let renewed = query(
        "UPDATE synchronisations SET held_until = floor(extract(epoch FROM now()))::bigint + $3
         WHERE authority = $1 AND holder = $2",
    )
    .bind(turn.authority)
    .bind(turn.holder)
    .bind(row::seconds(turn.lease))
    .execute(connection)
    .await?;
    Ok(renewed.rows_affected() == 1)
}

async fn end(connection: &mut PgConnection, turn: SyncTurn, outcome: String) -> Result<()> {
    query(
        "UPDATE synchronisations
         SET holder = NULL, ended_at = floor(extract(epoch FROM now()))::bigint, outcome = $3
         WHERE authority = $1 AND holder = $2",
    )
    .bind(turn.authority)
    .bind(turn.holder)
    .bind(outcome)
    .execute(connection)
    .await
    .map(drop)
}

async fn record(connection: &mut PgConnection, authority: String) -> Result<Option<SyncRecord>> {
    let row = query(
        "SELECT begun_at, ended_at, outcome,
                holder IS NOT NULL AND held_until > floor(extract(epoch FROM now())) AS is_running
         FROM synchronisations WHERE authority = $1",
    )
    .bind(authority)
    .fetch_optional(connection)
    .await?;
    row::synchronisation(row.as_ref())
}
