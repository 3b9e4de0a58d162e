//! Keys of applications.

use async_trait::async_trait;
use sqlx::query;
use time::OffsetDateTime;

use super::{SqliteDirectory, failed};
use crate::directory::rows;
use crate::directory::{KeyDigest, KeyEntry, Keys, login_form};
use crate::error::StoreError;

#[async_trait]
impl Keys for SqliteDirectory {
    async fn keys(&self) -> Result<Vec<KeyEntry>, StoreError> {
        let rows = query(
            "SELECT k.realm, k.label, k.digest, k.scopes, k.expires_at, u.user_name FROM keys k
             LEFT JOIN users u ON u.id = k.user ORDER BY k.realm, k.label, k.digest",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failed)?;
        rows::key_entries(&rows).map_err(failed)
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
