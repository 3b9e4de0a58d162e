//! Application keys in SQLite.

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::backend::directory::{DigestKind, key_ring, read_key_ring, stored_login};
use isogloss_core::directory::{KeyCursor, KeyDigest, KeyEntry, Keys, RevokedKeyEntry};
use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Sqlite, query};
use time::OffsetDateTime;

use super::read::one_of;
use super::{SqliteDirectory, failed, read, snapshot};
use crate::row;

#[async_trait]
impl Keys for SqliteDirectory {
    async fn keys(&self) -> Result<Vec<KeyEntry>, StoreError> {
        let all = self.pool.run(async |c| snapshot::keys(c, None).await);
        all.await.map_err(failed)
    }

    async fn keys_after(
        &self,
        realm: Option<&str>,
        after: Option<&KeyCursor>,
        limit: u32,
    ) -> Result<Vec<KeyEntry>, StoreError> {
        let page = self
            .pool
            .run(async |c| snapshot::keys_after(c, realm, after, limit).await);
        page.await.map_err(failed)
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
        let added = add(self, &key, &forms).await.map_err(failed)?;
        Ok(added.then_some(key))
    }

    async fn remove_key(&self, realm: &str, digest: KeyDigest) -> Result<bool, StoreError> {
        let forms = key_ring(self)
            .await?
            .forms(DigestKind::Key { realm }, digest);
        remove(self, realm, &forms).await.map_err(failed)
    }
}

async fn add(
    directory: &SqliteDirectory,
    key: &KeyEntry,
    forms: &[KeyDigest],
) -> row::Result<bool> {
    let mut transaction = directory.pool.begin().await?;
    let known = read::key(&mut *transaction, &key.realm, forms).await?;
    if known.is_some() {
        transaction.rollback().await?;
        return Ok(false);
    }
    put(&mut transaction, key).await?;
    delete(&mut transaction, REVOKED, &key.realm, forms).await?;
    transaction.commit().await?;
    Ok(true)
}

async fn remove(
    directory: &SqliteDirectory,
    realm: &str,
    forms: &[KeyDigest],
) -> row::Result<bool> {
    let mut transaction = directory.pool.begin().await?;
    let mut revocation = QueryBuilder::<Sqlite>::new(
        "INSERT INTO revoked_keys (realm, digest, digest_key, revoked_at)
         SELECT realm, digest, digest_key, unixepoch() FROM keys WHERE realm = ",
    );
    revocation.push_bind(realm).push(" AND digest");
    one_of(&mut revocation, forms);
    revocation.push(" ON CONFLICT (realm, digest) DO UPDATE SET revoked_at = excluded.revoked_at");
    let revoked = revocation.build().execute(&mut *transaction).await?;
    delete(&mut transaction, KEYS, realm, forms).await?;
    transaction.commit().await?;
    Ok(revoked.rows_affected() > 0)
}

/// Inserts or updates a key, and removes it from the revoked keys. Fails if a query fails.
pub(super) async fn put(connection: &mut SqliteConnection, key: &KeyEntry) -> row::Result<()> {
    query(
        "INSERT INTO keys (realm, digest, digest_key, label, user, scopes, expires_at)
         VALUES (?, ?, ?, ?, (SELECT user FROM logins WHERE login = ?), ?, ?)
         ON CONFLICT (realm, digest) DO UPDATE
             SET label = excluded.label, user = excluded.user,
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
    connection: &mut SqliteConnection,
    key: &RevokedKeyEntry,
) -> row::Result<()> {
    delete(connection, KEYS, &key.realm, &[key.digest]).await?;
    query(
        "INSERT INTO revoked_keys (realm, digest, digest_key, revoked_at) VALUES (?, ?, ?, ?)
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

const KEYS: &str = "DELETE FROM keys WHERE realm = ";
const REVOKED: &str = "DELETE FROM revoked_keys WHERE realm = ";

async fn delete(
    connection: &mut SqliteConnection,
    statement: &'static str,
    realm: &str,
    forms: &[KeyDigest],
) -> row::Result<()> {
    let mut removal = QueryBuilder::<Sqlite>::new(statement);
    removal.push_bind(realm).push(" AND digest");
    one_of(&mut removal, forms);
    removal.build().execute(connection).await.map(drop)
}
