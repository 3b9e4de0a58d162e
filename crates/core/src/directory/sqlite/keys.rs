//! Keys of applications.

use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;
use sqlx::{query, query_scalar};
use time::OffsetDateTime;

use super::{SqliteDirectory, entries, failed};
use crate::directory::rows;
use crate::directory::{KeyDigest, KeyEntry, Keys, RevokedKeyEntry, login_form};
use crate::error::StoreError;

#[async_trait]
impl Keys for SqliteDirectory {
    async fn keys(&self) -> Result<Vec<KeyEntry>, StoreError> {
        let mut connection = self.pool.acquire().await.map_err(failed)?;
        let all = entries::keys(&mut connection, None).await;
        all.map_err(failed)
    }

    async fn add_key(&self, key: &KeyEntry) -> Result<bool, StoreError> {
        add(self, key).await.map_err(failed)
    }

    async fn remove_key(&self, realm: &str, digest: KeyDigest) -> Result<bool, StoreError> {
        remove(self, realm, digest).await.map_err(failed)
    }
}

async fn add(directory: &SqliteDirectory, key: &KeyEntry) -> rows::Result<bool> {
    let mut transaction = directory.pool.begin_with("BEGIN IMMEDIATE").await?;
    let there = query_scalar("SELECT EXISTS (SELECT 1 FROM keys WHERE realm = ? AND digest = ?)")
        .bind(&key.realm)
        .bind(key.digest.as_bytes().as_slice())
        .fetch_one(&mut *transaction)
        .await?;
    if there {
        return Ok(false);
    }
    put(&mut transaction, key).await?;
    transaction.commit().await?;
    Ok(true)
}

async fn remove(directory: &SqliteDirectory, realm: &str, digest: KeyDigest) -> rows::Result<bool> {
    let mut transaction = directory.pool.begin_with("BEGIN IMMEDIATE").await?;
    let revoked = query(
        "INSERT INTO revoked_keys (realm, digest, revoked_at)
         SELECT realm, digest, unixepoch() FROM keys WHERE realm = ? AND digest = ?
         ON CONFLICT (realm, digest) DO UPDATE SET revoked_at = excluded.revoked_at",
    )
    .bind(realm)
    .bind(digest.as_bytes().as_slice())
    .execute(&mut *transaction)
    .await?;
    delete(
        &mut transaction,
        "DELETE FROM keys WHERE realm = ? AND digest = ?",
        realm,
        digest,
    )
    .await?;
    transaction.commit().await?;
    Ok(revoked.rows_affected() == 1)
}

/// Writes a key, which is no revoked one from then on.
pub(super) async fn put(connection: &mut SqliteConnection, key: &KeyEntry) -> rows::Result<()> {
    query(
        "INSERT INTO keys (realm, digest, label, user, scopes, expires_at)
         VALUES (?, ?, ?, (SELECT user FROM logins WHERE login = ?), ?, ?)
         ON CONFLICT (realm, digest) DO UPDATE
             SET label = excluded.label, user = excluded.user,
                 scopes = excluded.scopes, expires_at = excluded.expires_at",
    )
    .bind(&key.realm)
    .bind(key.digest.as_bytes().as_slice())
    .bind(&key.label)
    .bind(key.user.as_deref().map(login_form))
    .bind(key.scopes.to_stored())
    .bind(key.expires_at.map(OffsetDateTime::unix_timestamp))
    .execute(&mut *connection)
    .await?;
    let statement = "DELETE FROM revoked_keys WHERE realm = ? AND digest = ?";
    delete(connection, statement, &key.realm, key.digest).await
}

/// Removes a key, and remembers that it was revoked.
pub(super) async fn revoke(
    connection: &mut SqliteConnection,
    key: &RevokedKeyEntry,
) -> rows::Result<()> {
    let statement = "DELETE FROM keys WHERE realm = ? AND digest = ?";
    delete(connection, statement, &key.realm, key.digest).await?;
    query(
        "INSERT INTO revoked_keys (realm, digest, revoked_at) VALUES (?, ?, ?)
         ON CONFLICT DO NOTHING",
    )
    .bind(&key.realm)
    .bind(key.digest.as_bytes().as_slice())
    .bind(key.revoked_at.unix_timestamp())
    .execute(connection)
    .await
    .map(drop)
}

async fn delete(
    connection: &mut SqliteConnection,
    statement: &'static str,
    realm: &str,
    digest: KeyDigest,
) -> rows::Result<()> {
    query(statement)
        .bind(realm)
        .bind(digest.as_bytes().as_slice())
        .execute(connection)
        .await
        .map(drop)
}
