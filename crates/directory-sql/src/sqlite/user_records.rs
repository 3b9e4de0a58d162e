//! Records of users for administrators in SQLite.

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::directory::{FoundUsers, UserGroup, UserRecord, UserRecords, UserSearch};
use sqlx::{query, query_scalar};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::connections::Connections;
use super::{SqliteDirectory, failed, read, user_search};
use crate::row::{self, Result, USER_GROUPS};

#[async_trait]
impl UserRecords for SqliteDirectory {
    async fn record_login(
        &self,
        user: Uuid,
        at: OffsetDateTime,
    ) -> std::result::Result<(), StoreError> {
        record_login(&self.pool, user, at).await.map_err(failed)
    }

    async fn user_record(&self, user: Uuid) -> std::result::Result<Option<UserRecord>, StoreError> {
        let found = read::user_record(&self.pool, user).await;
        found.map_err(failed)
    }

    async fn find_users(&self, search: &UserSearch) -> std::result::Result<FoundUsers, StoreError> {
        user_search::find(&self.pool, search).await.map_err(failed)
    }

    async fn user_groups(&self) -> std::result::Result<Vec<UserGroup>, StoreError> {
        let rows = query(USER_GROUPS).fetch_all(&self.pool).await;
        let rows = rows.map_err(failed)?;
        let groups: Result<_> = rows.iter().map(row::user_group).collect();
        groups.map_err(failed)
    }
}

async fn record_login(pool: &Connections, user: Uuid, at: OffsetDateTime) -> Result<()> {
    let a_day_ago = (at - Duration::DAY).unix_timestamp();
    // Reads first: a write would wait for other writers.
    let is_due: bool = query_scalar(
        "SELECT EXISTS (SELECT 1 FROM users WHERE id = ?
             AND (last_login_at IS NULL OR last_login_at <= ?))",
    )
    .bind(user.to_string())
    .bind(a_day_ago)
    .fetch_one(pool)
    .await?;
    if !is_due {
        return Ok(());
    }
    query(
        "UPDATE users SET last_login_at = ?
         WHERE id = ? AND (last_login_at IS NULL OR last_login_at <= ?)",
    )
    .bind(at.unix_timestamp())
    .bind(user.to_string())
    .bind(a_day_ago)
    .execute(pool)
    .await
    .map(drop)
}
