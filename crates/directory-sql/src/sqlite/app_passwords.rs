//! Application passwords in SQLite.

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::directory::{AppPasswords, KeyDigest, KnownAppPassword};
use sqlx::query;
use time::Date;
use uuid::Uuid;

use super::{SqliteDirectory, failed};
use crate::row::{self, days_since_1970};

#[async_trait]
impl AppPasswords for SqliteDirectory {
    async fn app_password(
        &self,
        user: Uuid,
        realm: &str,
        digest: KeyDigest,
    ) -> Result<Option<KnownAppPassword>, StoreError> {
        let row = query("SELECT realm, digest, label, made_at, used_on FROM app_passwords WHERE user = ? AND digest = ? AND realm = ?")
            .bind(user.to_string())
            .bind(digest.as_bytes().as_slice())
            .bind(realm)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed)?;
        let found = row.as_ref().map(row::app_password).transpose();
        found.map_err(failed)
    }

    async fn app_passwords(&self, user: Uuid) -> Result<Vec<KnownAppPassword>, StoreError> {
        let rows = query("SELECT realm, digest, label, made_at, used_on FROM app_passwords WHERE user = ? ORDER BY made_at, digest")
            .bind(user.to_string())
            .fetch_all(&self.pool)
            .await
            .map_err(failed)?;
        let all: row::Result<_> = rows.iter().map(row::app_password).collect();
        all.map_err(failed)
    }

    async fn add_app_password(
        &self,
        user: Uuid,
        password: &KnownAppPassword,
    ) -> Result<(), StoreError> {
        query("INSERT INTO app_passwords (user, digest, realm, label, made_at) VALUES (?, ?, ?, ?, ?)")
            .bind(user.to_string())
            .bind(password.digest.as_bytes().as_slice())
            .bind(&password.realm)
            .bind(&password.label)
            .bind(password.made_at.unix_timestamp())
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(failed)
    }

    async fn remove_app_password(&self, user: Uuid, digest: KeyDigest) -> Result<bool, StoreError> {
        remove(self, user, digest).await.map_err(failed)
    }

    async fn record_app_password_use(
        &self,
        user: Uuid,
        digest: KeyDigest,
        day: Date,
    ) -> Result<(), StoreError> {
        query("UPDATE app_passwords SET used_on = ? WHERE user = ? AND digest = ?")
            .bind(days_since_1970(day))
            .bind(user.to_string())
            .bind(digest.as_bytes().as_slice())
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(failed)
    }
}

async fn remove(directory: &SqliteDirectory, user: Uuid, digest: KeyDigest) -> row::Result<bool> {
    let mut transaction = directory.pool.begin().await?;
    let removed = query("DELETE FROM app_passwords WHERE user = ? AND digest = ?")
        .bind(user.to_string())
        .bind(digest.as_bytes().as_slice())
        .execute(&mut *transaction)
        .await?;
    let was_there = removed.rows_affected() == 1;
    if was_there {
        query(
            "INSERT INTO revoked_app_passwords (user, digest, revoked_at)
             VALUES (?, ?, unixepoch())
             ON CONFLICT (user, digest) DO UPDATE SET revoked_at = excluded.revoked_at",
        )
        .bind(user.to_string())
        .bind(digest.as_bytes().as_slice())
        .execute(&mut *transaction)
        .await?;
        query("UPDATE users SET generation = generation + 1 WHERE id = ?")
            .bind(user.to_string())
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(was_there)
}
