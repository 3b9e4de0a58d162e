//! Application keys in PostgreSQL.

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::backend::directory::{DigestKind, key_ring, read_key_ring, stored_login};
use isogloss_core::directory::{KeyCursor, KeyDigest, KeyEntry, Keys, RevokedKeyEntry};
use sqlx::postgres::PgConnection;
use sqlx::query;
use time::OffsetDateTime;

use super::read::bytes_of;
use super::session::Session;
use super::write::alone;
use super::{PostgresDirectory, read, snapshot};
use crate::row;

#[async_trait]
impl Keys for PostgresDirectory {
    async fn keys(&self) -> Result<Vec<KeyEntry>, StoreError> {
        self.run_idempotent(|c| Box::pin(snapshot::keys(c, None)))
            .await
    }

    async fn keys_after(
        &self,
        realm: Option<&str>,
        after: Option<&KeyCursor>,
        limit: u32,
    ) -> Result<Vec<KeyEntry>, StoreError> {
        let (realm, after) = (realm.map(str::to_owned), after.cloned());
        self.run_idempotent(move |c| {
            let (realm, after) = (realm.clone(), after.clone());
            Box::pin(async move {
                snapshot::keys_after(c, realm.as_deref(), after.as_ref(), limit).await
            })
        })
        .await
    }

    async fn add_key(&self, key: &KeyEntry) -> Result<Option<KeyEntry>, StoreError> {
        let ring = read_key_ring(self).await?;
        let what = DigestKind::Key { realm: &key.realm };
        let forms = ring.forms(what, key.digest);
        let digest = ring.stored(what, key.digest, self.digests.now())?;
        let key = KeyEntry {
            digest,
            ..key.clone()
        };
        self.once(move |c| Box::pin(add(c, key.clone(), forms.clone())))
            .await
    }

    async fn remove_key(&self, realm: &str, digest: KeyDigest) -> Result<bool, StoreError> {
        let forms = key_ring(self)
            .await?
            .forms(DigestKind::Key { realm }, digest);
        let realm = realm.to_owned();
        self.once(move |c| Box::pin(remove(c, realm.clone(), forms.clone())))
            .await
    }
}

/// Adds a key, and returns it; `None` if it exists already. Takes the same lock as imports, so that they do not
/// add a key again that is revoked at the same time. Fails if a query fails.
async fn add(
    connection: &mut Session,
    key: KeyEntry,
    forms: Vec<KeyDigest>,
) -> row::Result<Option<KeyEntry>> {
    let mut transaction = connection.begin().await?;
    alone(&mut transaction).await?;
    let known = read::key(&mut transaction, key.realm.clone(), forms.clone()).await?;
    if known.is_some() {
        return Ok(None);
    }
    put(&mut transaction, &key).await?;
    delete(&mut transaction, REVOKED, &key.realm, &forms).await?;
    transaction.commit().await?;
    Ok(Some(key))
}

async fn remove(
    connection: &mut Session,
    realm: String,
    forms: Vec<KeyDigest>,
) -> row::Result<bool> {
    let mut transaction = connection.begin().await?;
    alone(&mut transaction).await?;
    let revoked = query(
        "INSERT INTO revoked_keys (realm, digest, digest_key, revoked_at)
         SELECT realm, digest, digest_key, extract(epoch FROM now())::bigint FROM keys
         WHERE realm = $1 AND digest = ANY($2)
         ON CONFLICT (realm, digest) DO UPDATE SET revoked_at = excluded.revoked_at",
    )
    .bind(&realm)
    .bind(bytes_of(&forms))
    .execute(&mut *transaction)
    .await?;
    delete(&mut transaction, KEYS, &realm, &forms).await?;
    transaction.commit().await?;
    Ok(revoked.rows_affected() > 0)
}

/// Inserts or updates a key, and removes it from the revoked keys. Fails if a query fails.
pub(super) async fn put(connection: &mut PgConnection, key: &KeyEntry) -> row::Result<()> {
    query(
        "INSERT INTO keys (realm, digest, digest_key, label, user_id, scopes, expires_at)
         VALUES ($1, $2, $3, $4, (SELECT user_id FROM logins WHERE login = $5), $6, $7)
         ON CONFLICT (realm, digest) DO UPDATE
             SET label = excluded.label, user_id = excluded.user_id,
                 scopes = excluded.scopes, expires_at = excluded.expires_at",
    )
    .bind(&key.realm)
    .bind(key.digest.as_bytes().as_slice())
    .bind(key.digest.key_bytes())
    .bind(&key.label)
    .bind(key.user.as_deref().map(stored_login))
    .bind(key.scopes.to_stored())
    .bind(key.expires_at.map(OffsetDateTime::unix_timestamp))
    .execute(&mut *connection)
    .await?;
    delete(connection, REVOKED, &key.realm, &[key.digest]).await
}

/// Removes a key and records that it was revoked. Fails if a query fails.
pub(super) async fn revoke(
    connection: &mut PgConnection,
    key: &RevokedKeyEntry,
) -> row::Result<()> {
    delete(connection, KEYS, &key.realm, &[key.digest]).await?;
    query(
        "INSERT INTO revoked_keys (realm, digest, digest_key, revoked_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
    )
    .bind(&key.realm)
    .bind(key.digest.as_bytes().as_slice())
    .bind(key.digest.key_bytes())
    .bind(key.revoked_at.unix_timestamp())
    .execute(connection)
    .await
    .map(drop)
}

const KEYS: &str = "DELETE FROM keys WHERE realm = $1 AND digest = ANY($2)";
const REVOKED: &str = "DELETE FROM revoked_keys WHERE realm = $1 AND digest = ANY($2)";

async fn delete(
    connection: &mut PgConnection,
    statement: &'static str,
    realm: &str,
    forms: &[KeyDigest],
) -> row::Result<()> {
    query(statement)
        .bind(realm)
        .bind(bytes_of(forms))
        .execute(connection)
        .await
        .map(drop)
}
