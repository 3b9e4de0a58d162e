//! Keys of applications.

use async_trait::async_trait;
use sqlx::query;
use time::OffsetDateTime;

use super::{SqliteDirectory, entries, failed};
use crate::directory::{KeyDigest, KeyEntry, Keys, login_form};
use crate::error::StoreError;

#[async_trait]
impl Keys for SqliteDirectory {
    async fn keys(&self) -> Result<Vec<KeyEntry>, StoreError> {
        let mut connection = self.pool.acquire().await.map_err(failed)?;
        let all = entries::keys(&mut connection, None).await;
        all.map_err(failed)
    }

    async fn add_key(&self, key: &KeyEntry) -> Result<bool, StoreError> {
        let done = query(
            "INSERT INTO keys (realm, digest, label, user, scopes, expires_at)
             VALUES (?, ?, ?, (SELECT user FROM logins WHERE login = ?), ?, ?)
             ON CONFLICT DO NOTHING",
        )
        .bind(&key.realm)
        .bind(key.digest.as_bytes().as_slice())
        .bind(&key.label)
        .bind(key.user.as_deref().map(login_form))
        .bind(key.scopes.to_stored())
        .bind(key.expires_at.map(OffsetDateTime::unix_timestamp))
        .execute(&self.pool)
        .await
        .map_err(failed)?;
        Ok(done.rows_affected() == 1)
    }

    async fn remove_key(&self, realm: &str, digest: KeyDigest) -> Result<bool, StoreError> {
        let done = query("DELETE FROM keys WHERE realm = ? AND digest = ?")
            .bind(realm)
            .bind(digest.as_bytes().as_slice())
            .execute(&self.pool)
            .await
            .map_err(failed)?;
        Ok(done.rows_affected() == 1)
    }
}
