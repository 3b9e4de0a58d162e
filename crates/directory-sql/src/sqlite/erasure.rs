//! Erases users in SQLite.

use async_trait::async_trait;
use isogloss_core::backend::directory::{Abort, ErasureTable, erase_user};
use isogloss_core::directory::{Erased, KeyDigest};
use isogloss_core::{Role, TokenDigest};
use sqlx::{QueryBuilder, Sqlite, query, query_scalar};
use time::OffsetDateTime;
use uuid::Uuid;

use super::SqliteDirectory;
use super::connections::end;
use super::read::one_of;
use super::snapshot::list;
use super::transaction::SqliteTables;
use crate::row::{self, Result};

/// Erases a user, and returns what was erased. Fails, and changes nothing, with [`Abort::Invalid`] if there is no
/// such user or no digest key is open, and with [`Abort::Failed`] if a query fails.
pub(super) async fn erase(
    directory: &SqliteDirectory,
    user: Uuid,
) -> std::result::Result<Erased, Abort<sqlx::Error>> {
    let mut transaction = directory.pool.begin().await.map_err(Abort::Failed)?;
    // Deleted rows are overwritten with zeros, and their pages are not only marked as free.
    query("PRAGMA secure_delete = ON")
        .execute(&mut *transaction)
        .await
        .map_err(Abort::Failed)?;
    let erased = erase_user(
        &mut SqliteTables(&mut transaction),
        &directory.digests,
        user,
    )
    .await;
    let erased = end(transaction, erased).await?;
    // The write-ahead log contains old pages. If a reader prevents the checkpoint now, a later one removes them;
    // the user is erased in either case.
    let _ = query("PRAGMA wal_checkpoint(TRUNCATE)")
        .execute(&directory.pool)
        .await;
    Ok(erased)
}

#[async_trait]
impl ErasureTable for SqliteTables<'_> {
    async fn imported_name(&mut self, user: Uuid) -> Result<Option<String>> {
        query_scalar("SELECT name FROM imported_users WHERE user = ?")
            .bind(user.to_string())
            .fetch_optional(&mut *self.0)
            .await
    }

    async fn card_identifiers(&mut self, user: Uuid) -> Result<Vec<String>> {
        query_scalar(
            "SELECT identifier FROM access_cards WHERE user = ? AND identifier IS NOT NULL",
        )
        .bind(user.to_string())
        .fetch_all(&mut *self.0)
        .await
    }

    async fn revoke_keys_of(&mut self, user: Uuid) -> Result<u64> {
        query(
            "INSERT INTO revoked_keys (realm, digest, digest_key, revoked_at)
             SELECT realm, digest, digest_key, unixepoch() FROM keys WHERE user = ?
             ON CONFLICT (realm, digest) DO UPDATE SET revoked_at = excluded.revoked_at",
        )
        .bind(user.to_string())
        .execute(&mut *self.0)
        .await?;
        let removed = query("DELETE FROM keys WHERE user = ?")
            .bind(user.to_string())
            .execute(&mut *self.0)
            .await?;
        Ok(removed.rows_affected())
    }

    async fn remove_user(&mut self, user: Uuid) -> Result<()> {
        query("DELETE FROM users WHERE id = ?")
            .bind(user.to_string())
            .execute(&mut *self.0)
            .await
            .map(drop)
    }

    async fn administrators_of(&mut self, organisation: &str) -> Result<i64> {
        query_scalar(
            "SELECT count(*) FROM users WHERE NOT disabled AND role = ?
             AND organisation = (SELECT id FROM organisations WHERE name = ?)",
        )
        .bind(Role::Admin.name())
        .bind(organisation)
        .fetch_one(&mut *self.0)
        .await
    }

    async fn events_of(&mut self, user: Uuid, names: &[TokenDigest]) -> Result<i64> {
        query_scalar(
            "SELECT count(*) FROM audit WHERE user = ?1 OR actor = ?1
             OR name_hash IN (SELECT value FROM json_each(?2))",
        )
        .bind(user.to_string())
        .bind(list(names))
        .fetch_one(&mut *self.0)
        .await
    }

    async fn remove_refusals_of(&mut self, user: Uuid, names: &[TokenDigest]) -> Result<()> {
        query(
            "DELETE FROM refused_requests WHERE user = ?1
             OR name_hash IN (SELECT value FROM json_each(?2))",
        )
        .bind(user.to_string())
        .bind(list(names))
        .execute(&mut *self.0)
        .await
        .map(drop)
    }

    async fn rename_user_in_events(&mut self, user: Uuid, pseudonym: Uuid) -> Result<()> {
        for statement in [
            "UPDATE audit SET user = ?2, line = replace(line, ?1, ?2) WHERE user = ?1",
            "UPDATE audit SET actor = ?2, line = replace(line, ?1, ?2) WHERE actor = ?1",
        ] {
            query(statement)
                .bind(user.to_string())
                .bind(pseudonym.to_string())
                .execute(&mut *self.0)
                .await?;
        }
        Ok(())
    }

    async fn rename_name_in_events(&mut self, name: TokenDigest, to: TokenDigest) -> Result<()> {
        query("UPDATE audit SET name_hash = ?2, line = replace(line, ?1, ?2) WHERE name_hash = ?1")
            .bind(name.to_string())
            .bind(to.to_string())
            .execute(&mut *self.0)
            .await
            .map(drop)
    }

    async fn tombstones(&mut self) -> Result<Vec<KeyDigest>> {
        let rows = query(
            "SELECT digest, digest_key FROM erased_users
             WHERE digest_key IN (SELECT id FROM digest_keys) ORDER BY digest",
        )
        .fetch_all(&mut *self.0)
        .await?;
        rows.iter().map(row::tombstone).collect()
    }

    async fn put_tombstone(&mut self, digest: KeyDigest, at: OffsetDateTime) -> Result<()> {
        query(
            "INSERT INTO erased_users (digest, digest_key, erased_at) VALUES (?, ?, ?)
             ON CONFLICT DO NOTHING",
        )
        .bind(digest.as_bytes().as_slice())
        .bind(digest.key_bytes())
        .bind(at.unix_timestamp())
        .execute(&mut *self.0)
        .await
        .map(drop)
    }

    async fn remove_tombstones(&mut self, digests: &[KeyDigest]) -> Result<()> {
        let mut removal = QueryBuilder::<Sqlite>::new("DELETE FROM erased_users WHERE digest");
        one_of(&mut removal, digests);
        removal.build().execute(&mut *self.0).await.map(drop)
    }
}
