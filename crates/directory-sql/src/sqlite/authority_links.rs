//! Users of authorities in SQLite.

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::backend::directory::{GivenNames, was_erased};
use isogloss_core::directory::{Acceptance, Account, AuthorityLinks};
use sqlx::error::DatabaseError;
use sqlx::query;
use uuid::Uuid;

use super::connections::Connections;
use super::transaction::SqliteTables;
use super::{SqliteDirectory, failed};
use crate::row::columns::{ACCOUNT, select};
use crate::row::{self, LinkColumns, Result};

/// How often a change is tried if others change the user meanwhile.
const ATTEMPTS: usize = 8;

#[async_trait]
impl AuthorityLinks for SqliteDirectory {
    async fn linked_account(
        &self,
        authority: &str,
        external_id: &str,
    ) -> std::result::Result<Option<Account>, StoreError> {
        let row = query(select(
            ACCOUNT,
            " FROM user_accounts a WHERE a.authority = ? AND a.external_id = ?",
        ))
        .bind(authority)
        .bind(external_id)
        .fetch_optional(&self.pool)
        .await
        .map_err(failed)?;
        row::account_of_row(row.as_ref()).map_err(failed)
    }

    async fn record_acceptance(
        &self,
        user: Uuid,
        acceptance: &Acceptance,
    ) -> std::result::Result<bool, StoreError> {
        for _ in 0..ATTEMPTS {
            let now = link_of(&self.pool, user).await.map_err(failed)?;
            let next = now.as_ref().and_then(|now| now.after(acceptance));
            let (Some(now), Some(next)) = (now, next) else {
                return Ok(false);
            };
            if next == now {
                return Ok(true);
            }
            match replace(&self.pool, user, &now, &next).await {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(error) if is_taken(&error) => return Ok(false),
                Err(error) => return Err(failed(error)),
            }
        }
        Err(failed(format_args!(
            "the user was changed {ATTEMPTS} times meanwhile"
        )))
    }

    async fn forget_hash(&self, user: Uuid, hash: &str) -> std::result::Result<(), StoreError> {
        query(
            "UPDATE users SET password_hash = '', accepted_at = NULL
             WHERE id = ? AND password_hash = ? AND authority IS NOT NULL AND adopted_at IS NULL",
        )
        .bind(user.to_string())
        .bind(hash)
        .execute(&self.pool)
        .await
        .map(drop)
        .map_err(failed)
    }

    async fn was_erased(
        &self,
        authority: &str,
        external_id: &str,
        logins: &[String],
    ) -> std::result::Result<bool, StoreError> {
        let names = GivenNames {
            logins: logins.to_vec(),
            link: Some((authority.to_owned(), external_id.to_owned())),
        };
        let found = self
            .pool
            .run(async |c| was_erased(&mut SqliteTables(c), &self.digests, &names).await);
        found.await.map_err(failed)
    }
}

async fn link_of(pool: &Connections, user: Uuid) -> Result<Option<LinkColumns>> {
    let row = query(
        "SELECT authority, external_id, password_hash, adopted_at, accepted_at FROM users
         WHERE id = ?",
    )
    .bind(user.to_string())
    .fetch_optional(pool)
    .await?;
    row::link_columns(row.as_ref())
}

/// Writes the columns unless they have changed since they were read. Returns false, and changes nothing, if they have.
/// Fails if the query fails.
async fn replace(
    pool: &Connections,
    user: Uuid,
    now: &LinkColumns,
    next: &LinkColumns,
) -> Result<bool> {
    let done = query(
        "UPDATE users SET external_id = ?, password_hash = ?, adopted_at = ?, accepted_at = ?
         WHERE id = ? AND authority = ? AND external_id IS ? AND password_hash = ?
             AND adopted_at IS NULL AND accepted_at IS ?",
    )
    .bind(&next.external_id)
    .bind(&next.password_hash)
    .bind(next.adopted_at)
    .bind(next.accepted_at)
    .bind(user.to_string())
    .bind(&now.authority)
    .bind(&now.external_id)
    .bind(&now.password_hash)
    .bind(now.accepted_at)
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Returns whether SQLite refused a link because another user has it.
fn is_taken(error: &sqlx::Error) -> bool {
    let error = error.as_database_error();
    error.is_some_and(DatabaseError::is_unique_violation)
}
