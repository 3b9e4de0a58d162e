//! Erases users in PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use isogloss_core::backend::directory::{ErasureTable, erase_user};
use isogloss_core::directory::{DigestKeys, Erased, KeyDigest};
use isogloss_core::{Role, TokenDigest};
use sqlx::{query, query_scalar};
use time::OffsetDateTime;
use uuid::Uuid;

use super::change::{Done, invalid};
use super::digest_keys::renewals_wait;
use super::read::bytes_of;
use super::session::Session;
use super::transaction::PostgresTables;
use super::write::{alone, unlimited};
use crate::row::{self, Result};

/// Erases a user. Returns `Ok(Ok(_))` with what was erased, and `Ok(Err(_))` with the reason if the user cannot be
/// erased. The audit log may be long, so there is no time limit for the statements. Fails if a query fails.
pub(super) async fn erase(
    connection: &mut Session,
    user: Uuid,
    digests: Arc<DigestKeys>,
) -> Done<Erased> {
    let mut transaction = connection.begin().await?;
    unlimited(&mut transaction).await?;
    alone(&mut transaction).await?;
    renewals_wait(&mut transaction).await?;
    match erase_user(&mut PostgresTables(&mut transaction), &digests, user).await {
        Ok(erased) => transaction.commit().await.map(|()| Ok(erased)),
        Err(abort) => invalid(abort).map(Err),
    }
}

#[async_trait]
impl ErasureTable for PostgresTables<'_> {
    async fn imported_name(&mut self, user: Uuid) -> Result<Option<String>> {
        query_scalar("SELECT name FROM imported_users WHERE user_id = $1")
            .bind(user)
            .fetch_optional(&mut *self.0)
            .await
    }

    async fn card_identifiers(&mut self, user: Uuid) -> Result<Vec<String>> {
        query_scalar(
            "SELECT identifier FROM access_cards WHERE user_id = $1 AND identifier IS NOT NULL",
        )
        .bind(user)
        .fetch_all(&mut *self.0)
        .await
    }

    async fn revoke_keys_of(&mut self, user: Uuid) -> Result<u64> {
        query(
            "INSERT INTO revoked_keys (realm, digest, digest_key, revoked_at)
             SELECT realm, digest, digest_key, extract(epoch FROM now())::bigint FROM keys
             WHERE user_id = $1
             ON CONFLICT (realm, digest) DO UPDATE SET revoked_at = excluded.revoked_at",
        )
        .bind(user)
        .execute(&mut *self.0)
        .await?;
        let removed = query("DELETE FROM keys WHERE user_id = $1")
            .bind(user)
            .execute(&mut *self.0)
            .await?;
        Ok(removed.rows_affected())
    }

    async fn remove_user(&mut self, user: Uuid) -> Result<()> {
        query("DELETE FROM users WHERE id = $1")
            .bind(user)
            .execute(&mut *self.0)
            .await
            .map(drop)
    }

    async fn administrators_of(&mut self, organisation: &str) -> Result<i64> {
        query_scalar(
            "SELECT count(*) FROM users WHERE NOT disabled AND role = $1
             AND organisation_id = (SELECT id FROM organisations WHERE name = $2)",
        )
        .bind(Role::Admin.name())
        .bind(organisation)
        .fetch_one(&mut *self.0)
        .await
    }

    async fn events_of(&mut self, user: Uuid, names: &[TokenDigest]) -> Result<i64> {
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        query_scalar(
            "SELECT count(*) FROM audit WHERE user_id = $1 OR actor = $1 OR name_hash = ANY($2)",
        )
        .bind(user.to_string())
        .bind(names)
        .fetch_one(&mut *self.0)
        .await
    }

    async fn remove_refusals_of(&mut self, user: Uuid, names: &[TokenDigest]) -> Result<()> {
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        query("DELETE FROM refused_requests WHERE user_id = $1 OR name_hash = ANY($2)")
            .bind(user.to_string())
            .bind(names)
            .execute(&mut *self.0)
            .await
            .map(drop)
    }

    async fn rename_user_in_events(&mut self, user: Uuid, pseudonym: Uuid) -> Result<()> {
        for statement in [
            "UPDATE audit SET user_id = $2, line = replace(line, $1, $2) WHERE user_id = $1",
            "UPDATE audit SET actor = $2, line = replace(line, $1, $2) WHERE actor = $1",
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
        query("UPDATE audit SET name_hash = $2, line = replace(line, $1, $2) WHERE name_hash = $1")
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
            "INSERT INTO erased_users (digest, digest_key, erased_at) VALUES ($1, $2, $3)
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
        query("DELETE FROM erased_users WHERE digest = ANY($1)")
            .bind(bytes_of(digests))
            .execute(&mut *self.0)
            .await
            .map(drop)
    }
}
