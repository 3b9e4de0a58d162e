//! Records of users for administrators in PostgreSQL.

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::directory::{FoundUsers, UserGroup, UserRecord, UserRecords, UserSearch};
use sqlx::postgres::PgConnection;
use sqlx::{query, query_scalar};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{PostgresDirectory, read, user_search};
use crate::row::{self, Result, USER_GROUPS};

#[async_trait]
impl UserRecords for PostgresDirectory {
    async fn record_login(
        &self,
        user: Uuid,
        at: OffsetDateTime,
    ) -> std::result::Result<(), StoreError> {
        self.run_idempotent(move |c| Box::pin(record_login(c, user, at)))
            .await
    }

    async fn user_record(&self, user: Uuid) -> std::result::Result<Option<UserRecord>, StoreError> {
        self.run_idempotent(move |c| Box::pin(read::user_record(c, user)))
            .await
    }

    async fn find_users(&self, search: &UserSearch) -> std::result::Result<FoundUsers, StoreError> {
        user_search::find(self, search).await
    }

    async fn user_groups(&self) -> std::result::Result<Vec<UserGroup>, StoreError> {
        self.run_idempotent(|c| Box::pin(groups(c))).await
    }
}

async fn groups(connection: &mut PgConnection) -> Result<Vec<UserGroup>> {
    let rows = query(USER_GROUPS).fetch_all(connection).await?;
    rows.iter().map(row::user_group).collect()
}

async fn record_login(connection: &mut PgConnection, user: Uuid, at: OffsetDateTime) -> Result<()> {
    let a_day_ago = (at - Duration::DAY).unix_timestamp();
    // Reads first: a write would wait for an import, and a standby refuses it.
    let is_due: bool = query_scalar(
        "SELECT EXISTS (SELECT 1 FROM users WHERE id = $1
             AND (last_login_at IS NULL OR last_login_at <= $2))",
    )
    .bind(user)
    .bind(a_day_ago)
    .fetch_one(&mut *connection)
    .await?;
    if !is_due {
        return Ok(());
    }
    query(
        "UPDATE users SET last_login_at = $3
         WHERE id = $1 AND (last_login_at IS NULL OR last_login_at <= $2)",
    )
    .bind(user)
    .bind(a_day_ago)
    .bind(at.unix_timestamp())
    .execute(connection)
    .await
    .map(drop)
}
