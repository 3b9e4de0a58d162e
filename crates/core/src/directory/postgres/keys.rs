//! Keys of applications.

use async_trait::async_trait;
use sqlx::postgres::PgConnection;
use sqlx::query;
use time::OffsetDateTime;

use super::{PostgresDirectory, entries};
use crate::directory::rows;
use crate::directory::{KeyDigest, KeyEntry, Keys, login_form};
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

async fn add(connection: &mut PgConnection, key: KeyEntry) -> rows::Result<bool> {
    let done = query(
        "INSERT INTO keys (realm, digest, label, user_id, scopes, expires_at)
         VALUES ($1, $2, $3, (SELECT user_id FROM logins WHERE login = $4), $5, $6)
         ON CONFLICT DO NOTHING",
    )
    .bind(&key.realm)
    .bind(key.digest.as_bytes().as_slice())
    .bind(&key.label)
    .bind(key.user.as_deref().map(login_form))
    .bind(key.scopes.to_stored())
    .bind(key.expires_at.map(OffsetDateTime::unix_timestamp))
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

async fn remove(
    connection: &mut PgConnection,
    realm: String,
    digest: KeyDigest,
) -> rows::Result<bool> {
    let done = query("DELETE FROM keys WHERE realm = $1 AND digest = $2")
        .bind(realm)
        .bind(digest.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}
