//! Digest keys in PostgreSQL, and the digests that are stored under them.

use std::sync::Arc;

use async_trait::async_trait;
use isogloss_core::backend::directory::{
    DigestKind, DigestLookup, DigestReplacement, DigestStore, KeyRing, KeyRingTable,
};
use isogloss_core::directory::{Card, DigestKeyId, DigestKeys, KeyDigest, KeyEntry, SealedKey};
use isogloss_core::{Key, StoreError};
use sqlx::postgres::PgConnection;
use sqlx::{query, query_scalar};
use time::OffsetDateTime;

use super::session::Session;
use super::transaction::PostgresTables;
use super::{PostgresDirectory, read, snapshot};
use crate::row::{self, Result};

type Answer<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl DigestStore for PostgresDirectory {
    fn digests(&self) -> &DigestKeys {
        &self.digests
    }

    async fn read_ring(&self) -> Answer<Arc<KeyRing>> {
        let digests = Arc::clone(&self.digests);
        self.run_idempotent(move |c| {
            let digests = Arc::clone(&digests);
            Box::pin(async move { digests.read(&mut PostgresTables(c)).await })
        })
        .await
    }

    async fn sealed_keys(&self) -> Answer<Vec<SealedKey>> {
        self.run_idempotent(|c| Box::pin(async move { PostgresTables(c).sealed_keys().await }))
            .await
    }

    async fn put_sealed_key(&self, key: SealedKey) -> Answer<()> {
        self.run_idempotent(move |c| {
            let key = key.clone();
            Box::pin(async move { PostgresTables(c).put_sealed_key(&key).await })
        })
        .await
    }

    async fn remove_key(&self, id: DigestKeyId) -> Answer<Option<u64>> {
        self.once(move |c| Box::pin(remove(c, id))).await
    }

    async fn counts(&self) -> Answer<Vec<(DigestKeyId, i64)>> {
        self.run_idempotent(|c| Box::pin(counts(c))).await
    }

    async fn plain_digests(&self, limit: u32) -> Answer<Vec<(Option<String>, KeyDigest)>> {
        self.run_idempotent(move |c| Box::pin(plain_digests(c, limit)))
            .await
    }

    async fn replace_digest(&self, renewal: DigestReplacement) -> Answer<()> {
        self.once(move |c| Box::pin(replace(c, renewal.clone())))
            .await
    }

    async fn find_key_by_former_id(&self, stored: Vec<[u8; 32]>) -> Answer<Option<KeyEntry>> {
        self.run_idempotent(move |c| Box::pin(snapshot::find_key_by_former_id(c, stored.clone())))
            .await
    }
}

#[async_trait]
impl DigestLookup<Card> for PostgresDirectory {
    async fn stored(
        &self,
        what: DigestKind<'_>,
        forms: Vec<KeyDigest>,
    ) -> Answer<Option<(Card, KeyDigest)>> {
        match what {
            DigestKind::Card => {
                self.run_idempotent(move |c| Box::pin(read::card_of_code(c, forms.clone())))
                    .await
            }
            DigestKind::Key { .. } => Ok(None),
        }
    }
}

#[async_trait]
impl DigestLookup<Key> for PostgresDirectory {
    async fn stored(
        &self,
        what: DigestKind<'_>,
        forms: Vec<KeyDigest>,
    ) -> Answer<Option<(Key, KeyDigest)>> {
        match what {
            DigestKind::Key { realm } => {
                let realm = realm.to_owned();
                self.run_idempotent(move |c| Box::pin(read::key(c, realm.clone(), forms.clone())))
                    .await
            }
            DigestKind::Card => Ok(None),
        }
    }
}

async fn remove(connection: &mut Session, id: DigestKeyId) -> Result<Option<u64>> {
    let mut transaction = connection.begin().await?;
    let removed = query("DELETE FROM digest_keys WHERE id = $1")
        .bind(id.as_bytes().as_slice())
        .execute(&mut *transaction)
        .await?;
    if removed.rows_affected() == 0 {
        return Ok(None);
    }
    let traces = query("DELETE FROM erased_users WHERE digest_key = $1")
        .bind(id.as_bytes().as_slice())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(Some(traces.rows_affected()))
}

async fn counts(connection: &mut PgConnection) -> Result<Vec<(DigestKeyId, i64)>> {
    let rows = query(
        "SELECT id, count(*) AS digests FROM (
             SELECT code_digest_key AS id FROM access_cards WHERE code_digest_key IS NOT NULL
             UNION ALL SELECT digest_key FROM keys WHERE digest_key IS NOT NULL
                 UNION ALL SELECT digest_key FROM erased_users
         ) AS keyed GROUP BY id",
    )
    .fetch_all(connection)
    .await?;
    rows.iter().map(row::digests_of_key).collect()
}

async fn plain_digests(
    connection: &mut PgConnection,
    limit: u32,
) -> Result<Vec<(Option<String>, KeyDigest)>> {
    let rows = query(
        "SELECT NULL AS realm, code_digest AS digest FROM access_cards
             WHERE code_digest IS NOT NULL AND code_digest_key IS NULL
         UNION ALL SELECT realm, digest FROM keys WHERE digest_key IS NULL
         LIMIT $1",
    )
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    rows.iter().map(row::plain_digest).collect()
}

/// The number of the advisory lock that prevents storing digests in another form while a file is applied.
const RENEWALS: i64 = 0x6469_6765_7374_7300;

/// Prevents storing digests in another form until the transaction ends: the forms of keys and cards that it has
/// read would no longer exist. Waits for those that are being stored. Fails if the query fails.
pub(crate) async fn renewals_wait(transaction: &mut PgConnection) -> Result<()> {
    query("SELECT pg_advisory_xact_lock($1)")
        .bind(RENEWALS)
        .execute(transaction)
        .await
        .map(drop)
}

/// Stores a digest in its new form. Does nothing while a file is being applied, so that logins do not wait for it:
/// the digest is replaced at a later use. Fails if a query fails.
async fn replace(connection: &mut Session, renewal: DigestReplacement) -> Result<()> {
    let DigestReplacement { old, new, key, .. } = renewal;
    let mut transaction = connection.begin().await?;
    let is_free: bool = query_scalar("SELECT pg_try_advisory_xact_lock_shared($1)")
        .bind(RENEWALS)
        .fetch_one(&mut *transaction)
        .await?;
    if !is_free {
        return Ok(());
    }
    let Some(realm) = renewal.realm else {
        query(
            "UPDATE access_cards SET code_digest = $1, code_digest_key = $2
             WHERE code_digest = $3 AND EXISTS (SELECT 1 FROM digest_keys WHERE id = $2)
                 AND NOT EXISTS (SELECT 1 FROM access_cards WHERE code_digest = $1)",
        )
        .bind(new.as_bytes().as_slice())
        .bind(key.as_bytes().as_slice())
        .bind(old.as_bytes().as_slice())
        .execute(&mut *transaction)
        .await?;
        return transaction.commit().await;
    };
    query(
        "UPDATE keys SET digest = $1, digest_key = $2, former_id = coalesce($3, former_id)
         WHERE realm = $4 AND digest = $5
             AND EXISTS (SELECT 1 FROM digest_keys WHERE id = $2)
             AND NOT EXISTS (SELECT 1 FROM keys WHERE realm = $4 AND digest = $1)",
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
        "DELETE FROM keys WHERE realm = $1 AND digest = $2
             AND EXISTS (SELECT 1 FROM keys WHERE realm = $1 AND digest = $3)",
    )
    .bind(&realm)
    .bind(old.as_bytes().as_slice())
    .bind(new.as_bytes().as_slice())
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}

#[async_trait]
impl KeyRingTable for PostgresTables<'_> {
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
             SELECT $1, $2, $3, $4, $5, $6 WHERE NOT EXISTS (SELECT 1 FROM digest_keys)",
        )
        .await
    }

    async fn put_sealed_key(&mut self, key: &SealedKey) -> Result<()> {
        put(
            self.0,
            key,
            "INSERT INTO digest_keys (id, pepper, sealed, made_at, used_from, sealed_at)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id, pepper)
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
        query("DELETE FROM digest_keys WHERE id = $1 AND sealed_at < $2")
            .bind(id.as_bytes().as_slice())
            .bind(before.unix_timestamp())
            .execute(&mut *self.0)
            .await
            .map(drop)
    }
}

async fn put(
    connection: &mut PgConnection,
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
