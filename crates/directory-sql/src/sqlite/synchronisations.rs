//! Turns of synchronisations in SQLite.

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::directory::{SyncRecord, SyncTurn, Synchronisations};
use sqlx::query;

use super::{SqliteDirectory, failed};
use crate::row;

#[async_trait]
impl Synchronisations for SqliteDirectory {
    async fn begin_synchronisation(&self, turn: &SyncTurn) -> Result<bool, StoreError> {
        let begun = query(
            "INSERT INTO synchronisations AS s (authority, holder, held_until, begun_at)
             VALUES (?1, ?2, unixepoch() + ?3, unixepoch())
             ON CONFLICT (authority) DO UPDATE SET
                 holder = excluded.holder, held_until = excluded.held_until,
                 begun_at = excluded.begun_at
             WHERE (s.holder IS NULL OR s.held_until <= unixepoch())
                 AND (?4 = 0 OR s.begun_at <= unixepoch() - ?4)",
        )
        .bind(&turn.authority)
        .bind(turn.holder.to_string())
        .bind(row::seconds(turn.lease))
        .bind(row::seconds(turn.interval))
        .execute(&self.pool)
        .await
        .map_err(failed)?;
        Ok(begun.rows_affected() == 1)
    }

    async fn renew_synchronisation(&self, turn: &SyncTurn) -> Result<bool, StoreError> {
        let renewed = query(
            "UPDATE synchronisations SET held_until = unixepoch() + ?3
             WHERE authority = ?1 AND holder = ?2",
        )
        .bind(&turn.authority)
        .bind(turn.holder.to_string())
        .bind(row::seconds(turn.lease))
        .execute(&self.pool)
        .await
        .map_err(failed)?;
        Ok(renewed.rows_affected() == 1)
    }

    async fn end_synchronisation(&self, turn: &SyncTurn, outcome: &str) -> Result<(), StoreError> {
        query(
            "UPDATE synchronisations SET holder = NULL, ended_at = unixepoch(), outcome = ?3
             WHERE authority = ?1 AND holder = ?2",
        )
        .bind(&turn.authority)
        .bind(turn.holder.to_string())
        .bind(outcome)
        .execute(&self.pool)
        .await
        .map(drop)
        .map_err(failed)
    }

    async fn synchronisation(&self, authority: &str) -> Result<Option<SyncRecord>, StoreError> {
        let row = query(
            "SELECT begun_at, ended_at, outcome,
                    holder IS NOT NULL AND held_until > unixepoch() AS is_running
             FROM synchronisations WHERE authority = ?",
        )
        .bind(authority)
        .fetch_optional(&self.pool)
        .await
        .map_err(failed)?;
        row::synchronisation(row.as_ref()).map_err(failed)
    }
}
