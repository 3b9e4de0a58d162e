//! Keys of applications.

use async_trait::async_trait;
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, query, query_scalar};
use time::OffsetDateTime;

use super::write::alone;
use super::{PostgresDirectory, entries};
use crate::directory::rows;
use crate::directory::{KeyDigest, KeyEntry, Keys, RevokedKeyEntry, login_form};
use crate::error::StoreError;

#[async_trait]
impl Keys for PostgresDirectory {
    async fn keys(&self) -> Result<Vec<KeyEntry>, StoreError> {
        self.ask(|c| Box::pin(entries::keys(c, None))).await
    }

    async fn add_key(&self, key: &KeyEntry) -> Result<bool, StoreError> {
        let key = key.clone();
        self.once(self.timeout, move |c| Box::pin(add(c, key)))
            .await
    }

    async fn remove_key(&self, realm: &str, digest: KeyDigest) -> Result<bool, StoreError> {
        let realm = realm.to_owned();
        self.once(self.timeout, move |c| Box::pin(remove(c, realm, digest)))
            .await
    }
}

/// Imports take the same lock: a key that is revoked meanwhile is not brought back.
async fn add(connection: &mut PgConnection, key: KeyEntry) -> rows::Result<bool> {
    let mut transaction = connection.begin().await?;
    alone(&mut transaction).await?;
    let there: bool =
        query_scalar("SELECT EXISTS (SELECT 1 FROM keys WHERE realm = $1 AND digest = $2)")
            .bind(&key.realm)
            .bind(key.digest.as_bytes().as_slice())
            .fetch_one(&mut *transaction)
            .await?;
    if !there {
        put(&mut transaction, &key).await?;
    }
    transaction.commit().await?;
    Ok(!there)
}

async fn remove(
    connection: &mut PgConnection,
    realm: String,
    digest: KeyDigest,
) -> rows::Result<bool> {
    let mut transaction = connection.begin().await?;
    alone(&mut transaction).await?;
    let revoked = query(
        "INSERT INTO revoked_keys (realm, digest, revoked_at)
         SELECT realm, digest, extract(epoch FROM now())::bigint FROM keys
         WHERE realm = $1 AND digest = $2
         ON CONFLICT (realm, digest) DO UPDATE SET revoked_at = excluded.revoked_at",
    )
    .bind(&realm)
    .bind(digest.as_bytes().as_slice())
    .execute(&mut *transaction)
    .await?;
    let statement = "DELETE FROM keys WHERE realm = $1 AND digest = $2";
    delete(&mut transaction, statement, &realm, digest).await?;
    transaction.commit().await?;
    Ok(revoked.rows_affected() == 1)
}

/// Writes a key, which is no revoked one from then on.
pub(super) async fn put(connection: &mut PgConnection, key: &KeyEntry) -> rows::Result<()> {
    query(
        "INSERT INTO keys (realm, digest, label, user_id, scopes, expires_at)
         VALUES ($1, $2, $3, (SELECT user_id FROM logins WHERE login = $4), $5, $6)
         ON CONFLICT (realm, digest) DO UPDATE
             SET label = excluded.label, user_id = excluded.user_id,
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
    let statement = "DELETE FROM revoked_keys WHERE realm = $1 AND digest = $2";
    delete(connection, statement, &key.realm, key.digest).await
}

/// Removes a key, and remembers that it was revoked.
pub(super) async fn revoke(
    connection: &mut PgConnection,
    key: &RevokedKeyEntry,
) -> rows::Result<()> {
    let statement = "DELETE FROM keys WHERE realm = $1 AND digest = $2";
    delete(connection, statement, &key.realm, key.digest).await?;
    query(
        "INSERT INTO revoked_keys (realm, digest, revoked_at) VALUES ($1, $2, $3)
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
    connection: &mut PgConnection,
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
