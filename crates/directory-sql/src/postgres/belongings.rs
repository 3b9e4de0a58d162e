//! Writes what belongs to a user in other tables: cards, codes, application passwords, and imported values.

use isogloss_core::backend::directory::UserChange;
use isogloss_core::directory::{KeyDigest, UserEntry};
use sqlx::postgres::PgConnection;
use sqlx::query;

use super::enrolments;
use super::write::{forget, put_user_row};
use crate::row::{self, Result};

/// Inserts or updates a user with everything that belongs to the user. Fails if a query fails.
pub(super) async fn put_user(connection: &mut PgConnection, change: &UserChange) -> Result<()> {
    put_user_row(connection, &change.entry).await?;
    put_cards(connection, &change.entry).await?;
    put_replaced_hashes(connection, change).await?;
    put_recovery_codes(connection, change).await?;
    put_app_passwords(connection, change).await?;
    put_revoked_app_passwords(connection, change).await
}

/// Stores the values that an import last set, if they have changed. Fails if the query fails.
pub(super) async fn put_origin(connection: &mut PgConnection, change: &UserChange) -> Result<()> {
    let Some(origin) = &change.origin else {
        return Ok(());
    };
    query(
        "INSERT INTO imported_users (user_id, name, said) VALUES ($1, $2, $3)
         ON CONFLICT (user_id) DO UPDATE SET name = excluded.name, said = excluded.said",
    )
    .bind(change.entry.id)
    .bind(change.imported_name())
    .bind(row::said(origin)?)
    .execute(connection)
    .await
    .map(drop)
}

async fn put_cards(connection: &mut PgConnection, user: &UserEntry) -> Result<()> {
    forget(
        connection,
        "DELETE FROM access_cards WHERE user_id = $1",
        user.id,
    )
    .await?;
    for card in &user.access_cards {
        query(
            "INSERT INTO access_cards (user_id, code_digest, code_digest_key, identifier,
                                       pass_code_hash, effective)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(user.id)
        .bind(card.code_digest.map(|digest| digest.as_bytes().to_vec()))
        .bind(card.code_digest.and_then(KeyDigest::key_bytes))
        .bind(&card.identifier)
        .bind(&card.pass_code_hash)
        .bind(card.effective)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Updates a user's recovery codes. A code that a concurrent login uses stays spent. Fails if a query fails.
async fn put_recovery_codes(connection: &mut PgConnection, change: &UserChange) -> Result<()> {
    let user = change.entry.id;
    if change.replaces_second_factor() {
        enrolments::forget_state(connection, user).await?;
    }
    for gone in change.gone_recovery_codes() {
        query("DELETE FROM recovery_codes WHERE user_id = $1 AND digest = $2")
            .bind(user)
            .bind(gone.as_bytes().as_slice())
            .execute(&mut *connection)
            .await?;
    }
    for code in change.recovery_codes() {
        query(
            "INSERT INTO recovery_codes (user_id, digest, spent) VALUES ($1, $2, $3)
             ON CONFLICT (user_id, digest) DO UPDATE
                 SET spent = recovery_codes.spent OR excluded.spent",
        )
        .bind(user)
        .bind(code.digest.as_bytes().as_slice())
        .bind(code.spent)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn put_app_passwords(connection: &mut PgConnection, change: &UserChange) -> Result<()> {
    let user = change.entry.id;
    for gone in change.gone_app_passwords() {
        query("DELETE FROM app_passwords WHERE user_id = $1 AND digest = $2")
            .bind(user)
            .bind(gone.as_bytes().as_slice())
            .execute(&mut *connection)
            .await?;
    }
    for password in change.app_passwords() {
        query(
            "INSERT INTO app_passwords (user_id, digest, realm, label, made_at, imported)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (user_id, digest) DO UPDATE
                 SET realm = excluded.realm, label = excluded.label, made_at = excluded.made_at,
                     imported = excluded.imported",
        )
        .bind(user)
        .bind(password.digest.as_bytes().as_slice())
        .bind(&password.dialect)
        .bind(&password.label)
        .bind(password.made_at.unix_timestamp())
        .bind(!password.set_here)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn put_revoked_app_passwords(
    connection: &mut PgConnection,
    change: &UserChange,
) -> Result<()> {
    let user = change.entry.id;
    for digest in change.good_again() {
        query("DELETE FROM revoked_app_passwords WHERE user_id = $1 AND digest = $2")
            .bind(user)
            .bind(digest.as_bytes().as_slice())
            .execute(&mut *connection)
            .await?;
    }
    for revoked in change.revoked_app_passwords() {
        query(
            "INSERT INTO revoked_app_passwords (user_id, digest, revoked_at) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING",
        )
        .bind(user)
        .bind(revoked.digest.as_bytes().as_slice())
        .bind(revoked.revoked_at.unix_timestamp())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn put_replaced_hashes(connection: &mut PgConnection, change: &UserChange) -> Result<()> {
    for digest in change.replaced_hashes() {
        query(
            "INSERT INTO replaced_hashes (user_id, digest, now) VALUES ($1, $2, $3)
             ON CONFLICT (user_id, digest) DO UPDATE SET now = excluded.now",
        )
        .bind(change.entry.id)
        .bind(digest.as_bytes().as_slice())
        .bind(change.entry.password_hash.as_deref().unwrap_or_default())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
