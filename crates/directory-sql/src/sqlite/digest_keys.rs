//! Digest keys in SQLite, and the digests that are stored under them.

use std::sync::Arc;

use async_trait::async_trait;
use isogloss_core::backend::directory::{
    DigestKind, DigestLookup, DigestReplacement, DigestStore, KeyRing, KeyRingTable,
};
use isogloss_core::directory::{Card, DigestKeyId, DigestKeys, KeyDigest, KeyEntry, SealedKey};
use isogloss_core::{Key, StoreError};
use sqlx::sqlite::SqliteConnection;
use sqlx::{query, query_scalar};
use time::OffsetDateTime;

use super::transaction::SqliteTables;
use super::{SqliteDirectory, failed, read, snapshot};
use crate::row::{self, Result};

type Answer<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl DigestStore for SqliteDirectory {
    fn digests(&self) -> &DigestKeys {
        &self.digests
    }

    async fn read_ring(&self) -> Answer<Arc<KeyRing>> {
        let ring = self
            .pool
            .run(async |c| self.digests.read(&mut SqliteTables(c)).await);
        ring.await.map_err(failed)
    }

    async fn sealed_keys(&self) -> Answer<Vec<SealedKey>> {
        let keys = self.pool.run(async |c| SqliteTables(c).sealed_keys().await);
        keys.await.map_err(failed)
    }

    async fn put_sealed_key(&self, key: SealedKey) -> Answer<()> {
        let put = self
            .pool
            .run(async |c| SqliteTables(c).put_sealed_key(&key).await);
        put.await.map_err(failed)
    }

    async fn remove_key(&self, id: DigestKeyId) -> Answer<Option<u64>> {
        remove(self, id).await.map_err(failed)
    }

    async fn counts(&self) -> Answer<Vec<(DigestKeyId, i64)>> {
        let rows = query(
            "SELECT id, count(*) AS digests FROM (
                 SELECT code_digest_key AS id FROM access_cards WHERE code_digest_key IS NOT NULL
                 UNION ALL SELECT digest_key FROM keys WHERE digest_key IS NOT NULL
                 UNION ALL SELECT digest_key FROM erased_users
             ) GROUP BY id",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failed)?;
        let counts = rows.iter().map(row::digests_of_key);
        counts.collect::<Result<_>>().map_err(failed)
    }

    async fn plain_digests(&self, limit: u32) -> Answer<Vec<(Option<String>, KeyDigest)>> {
        let rows = query(
            "SELECT NULL AS realm, code_digest AS digest FROM access_cards
                 WHERE code_digest IS NOT NULL AND code_digest_key IS NULL
             UNION ALL SELECT realm, digest FROM keys WHERE digest_key IS NULL
             LIMIT ?",
        )
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(failed)?;
        let plain = rows.iter().map(row::plain_digest);
        plain.collect::<Result<_>>().map_err(failed)
    }

    async fn replace_digest(&self, renewal: DigestReplacement) -> Answer<()> {
        replace(self, renewal).await.map_err(failed)
    }

    async fn find_key_by_former_id(&self, stored: Vec<[u8; 32]>) -> Answer<Option<KeyEntry>> {
        let found = self
            .pool
            .run(async |c| snapshot::find_key_by_former_id(c, &stored).await);
        found.await.map_err(failed)
    }
}

#[async_trait]
impl DigestLookup<Card> for SqliteDirectory {
    async fn stored(
        &self,
        what: DigestKind<'_>,
        forms: Vec<KeyDigest>,
    ) -> Answer<Option<(Card, KeyDigest)>> {
        match what {
            DigestKind::Card => {
                let card = read::card_of_code(&self.pool, &forms).await;
                card.map_err(failed)
            }
            DigestKind::Key { .. } => Ok(None),
        }
    }
}

#[async_trait]
impl DigestLookup<Key> for SqliteDirectory {
    async fn stored(
        &self,
        what: DigestKind<'_>,
        forms: Vec<KeyDigest>,
    ) -> Answer<Option<(Key, KeyDigest)>> {
        match what {
            DigestKind::Key { realm } => {
                let key = read::key(&self.pool, realm, &forms).await;
                key.map_err(failed)
            }
            DigestKind::Card => Ok(None),
        }
    }
}

async fn remove(directory: &SqliteDirectory, id: DigestKeyId) -> Result<Option<u64>> {
    let mut transaction = directory.pool.begin().await?;
    let removed = query("DELETE FROM digest_keys WHERE id = ?")
        .bind(id.as_bytes().as_slice())
        .execute(&mut *transaction)
        .await?;
    if removed.rows_affected() == 0 {
        transaction.rollback().await?;
        return Ok(None);
    }
    let traces = query("DELETE FROM erased_users WHERE digest_key = ?")
        .bind(id.as_bytes().as_slice())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(Some(traces.rows_affected()))
}

async fn replace(directory: &SqliteDirectory, renewal: DigestReplacement) -> Result<()> {
    let DigestReplacement { old, new, key, .. } = renewal;
    let mut transaction = directory.pool.begin().await?;
    let Some(realm) = renewal.realm else {
        query(
            "UPDATE access_cards SET code_digest = ?1, code_digest_key = ?2
             WHERE code_digest = ?3 AND EXISTS (SELECT 1 FROM digest_keys WHERE id = ?2)
                 AND NOT EXISTS (SELECT 1 FROM access_cards WHERE code_digest = ?1)",
        )
        .bind(new.as_bytes().as_slice())
        .bind(key.as_bytes().as_slice())
        .bind(old.as_bytes().as_slice())
        .execute(&mut *transaction)
        .await?;
        return transaction.commit().await;
    };
    query(
        "UPDATE keys SET digest = ?1, digest_key = ?2, former_id = coalesce(?3, former_id)
         WHERE realm = ?4 AND digest = ?5
             AND EXISTS (SELECT 1 FROM digest_keys WHERE id = ?2)
             AND NOT EXISTS (SELECT 1 FROM keys WHERE realm = ?4 AND digest = ?1)",
    )
    .bind(new.as_bytes().as_slice())
    .bind(key.as_bytes().as_slice())
    .bind(renewal.former_id.map(|id| id.to_vec()))
    .bind(&realm)
    .bind(old.as_bytes().as_slice())
    .execute(&mut *transaction)
    .await?;
    // An older gateway may have stored the plain form in another row.
    query(
        "DELETE FROM keys WHERE realm = ?1 AND digest = ?2
             AND EXISTS (SELECT 1 FROM keys WHERE realm = ?1 AND digest = ?3)",
    )
    .bind(&realm)
    .bind(old.as_bytes().as_slice())
    .bind(new.as_bytes().as_slice())
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}

#[async_trait]
impl KeyRingTable for SqliteTables<'_> {
    async fn sealed_keys(&mut self) -> Result<Vec<SealedKey>> {
        let rows = query(
            "SELECT id, pepper, sealed, made_at, used_from, sealed_at FROM digest_keys
             ORDER BY made_at, id, pepper",
        )
        .fetch_all(&mut *self.0)
        .await?;
        rows.iter().map(row::sealed_key).collect()
    }

    async fn has_plain_digests(&mut self) -> Result<bool> {
        query_scalar(
            "SELECT EXISTS (SELECT 1 FROM keys WHERE digest_key IS NULL)
                 OR EXISTS (SELECT 1 FROM access_cards
                            WHERE code_digest IS NOT NULL AND code_digest_key IS NULL)",
        )
        .fetch_one(&mut *self.0)
        .await
    }

    async fn put_first_key(&mut self, key: &SealedKey) -> Result<()> {
        put(
            self.0,
            key,
            "INSERT INTO digest_keys (id, pepper, sealed, made_at, used_from, sealed_at)
             SELECT ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM digest_keys)",
        )
        .await
    }

    async fn put_sealed_key(&mut self, key: &SealedKey) -> Result<()> {
        put(
            self.0,
            key,
            "INSERT INTO digest_keys (id, pepper, sealed, made_at, used_from, sealed_at)
             VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id, pepper)
                 DO UPDATE SET sealed = excluded.sealed, sealed_at = excluded.sealed_at
                 WHERE digest_keys.sealed_at < excluded.sealed_at",
        )
        .await
    }

    async fn remove_idle_keys(&mut self) -> Result<()> {
        query(
            "DELETE FROM digest_keys WHERE NOT EXISTS (SELECT 1 FROM keys)
                 AND NOT EXISTS (SELECT 1 FROM revoked_keys)
                 AND NOT EXISTS (SELECT 1 FROM erased_users)
                 AND NOT EXISTS (SELECT 1 FROM access_cards WHERE code_digest IS NOT NULL)",
        )
        .execute(&mut *self.0)
        .await
        .map(drop)
    }

    async fn remove_seals(&mut self, id: DigestKeyId, before: OffsetDateTime) -> Result<()> {
        query("DELETE FROM digest_keys WHERE id = ? AND sealed_at < ?")
            .bind(id.as_bytes().as_slice())
            .bind(before.unix_timestamp())
            .execute(&mut *self.0)
            .await
            .map(drop)
    }
}

async fn put(
    connection: &mut SqliteConnection,
    key: &SealedKey,
    statement: &'static str,
) -> Result<()> {
    query(statement)
        .bind(key.id.as_bytes().as_slice())
        .bind(&key.pepper)
        .bind(&key.sealed)
        .bind(key.made_at.unix_timestamp())
        .bind(key.used_from.unix_timestamp())
        .bind(key.sealed_at.unix_timestamp())
        .execute(connection)
        .await
        .map(drop)
}
