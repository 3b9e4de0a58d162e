//! Users of authorities in PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::backend::directory::{GivenNames, was_erased};
use isogloss_core::directory::{Acceptance, Account, AuthorityLinks, DigestKeys};
use sqlx::error::DatabaseError;
use sqlx::postgres::PgConnection;
use sqlx::{Error, query};
use uuid::Uuid;

use super::PostgresDirectory;
use super::directory::can_be_stored;
use super::transaction::PostgresTables;
use crate::row::columns::{ACCOUNT, select};
use crate::row::{self, LinkColumns, Result};

/// How often a change is tried if others change the user meanwhile.
const ATTEMPTS: usize = 8;

#[async_trait]
impl AuthorityLinks for PostgresDirectory {
    async fn linked_account(
        &self,
        authority: &str,
        external_id: &str,
    ) -> std::result::Result<Option<Account>, StoreError> {
        if !can_be_stored(authority) || !can_be_stored(external_id) {
            return Ok(None);
        }
        let link = (authority.to_owned(), external_id.to_owned());
        self.run_idempotent(move |c| Box::pin(linked(c, link.clone())))
            .await
    }

    async fn record_acceptance(
        &self,
        user: Uuid,
        acceptance: &Acceptance,
    ) -> std::result::Result<bool, StoreError> {
        if !can_be_stored(&acceptance.external_id) {
            return Ok(false);
        }
        let acceptance = acceptance.clone();
        self.run_idempotent(move |c| Box::pin(record_acceptance(c, user, acceptance.clone())))
            .await
    }

    async fn forget_hash(&self, user: Uuid, hash: &str) -> std::result::Result<(), StoreError> {
        let hash = hash.to_owned();
        self.run_idempotent(move |c| Box::pin(forget_hash(c, user, hash.clone())))
            .await
    }

    async fn was_erased(
        &self,
        authority: &str,
        external_id: &str,
        logins: &[String],
    ) -> std::result::Result<bool, StoreError> {
        let names = Arc::new(GivenNames {
            logins: logins.to_vec(),
            link: Some((authority.to_owned(), external_id.to_owned())),
        });
        let digests = Arc::clone(&self.digests);
        self.run_idempotent(move |c| {
            Box::pin(is_erased(c, Arc::clone(&digests), Arc::clone(&names)))
        })
        .await
    }
}

async fn linked(
    connection: &mut PgConnection,
    (authority, external_id): (String, String),
) -> Result<Option<Account>> {
    let row = query(select(
        ACCOUNT,
        " FROM user_accounts a WHERE a.authority = $1 AND a.external_id = $2",
    ))
    .bind(authority)
    .bind(external_id)
    .fetch_optional(connection)
    .await?;
    row::account_of_row(row.as_ref())
}

/// Records an acceptance, without a lock: writes only if the user is as it was read. A login must not wait for an
/// import unless it has something to write.
async fn record_acceptance(
    connection: &mut PgConnection,
    user: Uuid,
    acceptance: Acceptance,
) -> Result<bool> {
    for _ in 0..ATTEMPTS {
        let row = query(
            "SELECT authority, external_id, password_hash, adopted_at, accepted_at FROM users
             WHERE id = $1",
        )
        .bind(user)
        .fetch_optional(&mut *connection)
        .await?;
        let Some(now) = row::link_columns(row.as_ref())? else {
            return Ok(false);
        };
        match now.after(&acceptance) {
            None => return Ok(false),
            Some(next) if next == now => return Ok(true),
            Some(next) => match replace(connection, user, &now, &next).await {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(error) if is_taken(&error) => return Ok(false),
                Err(error) => return Err(error),
            },
        }
    }
    Err(Error::Protocol(format!(
        "the user was changed {ATTEMPTS} times meanwhile"
    )))
}

async fn replace(
    connection: &mut PgConnection,
    user: Uuid,
    now: &LinkColumns,
    next: &LinkColumns,
) -> Result<bool> {
    let done = query(
        "UPDATE users SET external_id = $1, password_hash = $2, adopted_at = $3, accepted_at = $4
         WHERE id = $5 AND authority = $6 AND external_id IS NOT DISTINCT FROM $7
             AND password_hash = $8 AND adopted_at IS NULL
             AND accepted_at IS NOT DISTINCT FROM $9",
    )
    .bind(&next.external_id)
    .bind(&next.password_hash)
    .bind(next.adopted_at)
    .bind(next.accepted_at)
    .bind(user)
    .bind(&now.authority)
    .bind(&now.external_id)
    .bind(&now.password_hash)
    .bind(now.accepted_at)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

async fn forget_hash(connection: &mut PgConnection, user: Uuid, hash: String) -> Result<()> {
    query(
        "UPDATE users SET password_hash = '', accepted_at = NULL
         WHERE id = $1 AND password_hash = $2 AND authority IS NOT NULL AND adopted_at IS NULL",
    )
    .bind(user)
    .bind(hash)
    .execute(connection)
    .await
    .map(drop)
}

async fn is_erased(
    connection: &mut PgConnection,
    digests: Arc<DigestKeys>,
    names: Arc<GivenNames>,
) -> Result<bool> {
    was_erased(&mut PostgresTables(connection), &digests, &names).await
}

/// Returns whether the server refused a link because another user has it.
pub(super) fn is_taken(error: &Error) -> bool {
    let error = error.as_database_error();
    error.and_then(DatabaseError::constraint) == Some("users_by_link")
}
