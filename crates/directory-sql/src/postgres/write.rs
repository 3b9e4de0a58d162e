//! Writes users and organisations, and the locks and time limits of changes.

use isogloss_core::Language;
use isogloss_core::backend::directory::look;
use isogloss_core::directory::{OrganisationEntry, Snapshot, UserEntry};
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, query};
use time::OffsetDateTime;
use uuid::Uuid;

use super::session::Session;
use super::snapshot;
use crate::row::Result;

/// Disables a user, which ends the user's tokens, or enables a user. From now on, a synchronisation does not enable the
/// user: an operator decides. Fails if a query fails.
pub(super) async fn set_disabled(
    connection: &mut Session,
    user: Uuid,
    disabled: bool,
) -> Result<()> {
    let mut transaction = connection.begin().await?;
    query("UPDATE users SET disabled = $1, generation = generation + $1::int WHERE id = $2")
        .bind(disabled)
        .bind(user)
        .execute(&mut *transaction)
        .await?;
    forget(
        &mut transaction,
        "UPDATE imported_users SET said = (said::jsonb - 'disabled_by')::text
         WHERE user_id = $1 AND said::jsonb ? 'disabled_by'",
        user,
    )
    .await?;
    transaction.commit().await
}

/// Locks the users, so that only one change is made at a time: the next one waits here, and then sees what this
/// one wrote. Readers do not wait. Fails if the query fails.
pub(super) async fn alone(transaction: &mut PgConnection) -> Result<()> {
    query("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE")
        .execute(transaction)
        .await
        .map(drop)
}

/// Returns all entries, as one transaction sees them. Fails if a query fails.
pub(super) async fn snapshot(connection: &mut PgConnection) -> Result<Snapshot> {
    let mut transaction = connection
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    unlimited(&mut transaction).await?;
    let (entries, _) = snapshot::read(&mut transaction, None).await?;
    transaction.commit().await?;
    Ok(entries)
}

/// Removes the statement time limit of a transaction that handles a whole directory, which takes longer than a
/// login may wait, and sets its idle limit to three minutes. Fails if a query fails.
pub(super) async fn unlimited(transaction: &mut PgConnection) -> Result<()> {
    for limit in [
        "SET LOCAL statement_timeout = 0",
        // A large file is compared with the stored entries between two statements.
        "SET LOCAL idle_in_transaction_session_timeout = '3min'",
    ] {
        query(limit).execute(&mut *transaction).await?;
    }
    Ok(())
}

pub(super) async fn put_organisation(
    connection: &mut PgConnection,
    organisation: &OrganisationEntry,
) -> Result<()> {
    query(
        "INSERT INTO organisations (id, name, default_unit) VALUES ($1, $2, $3)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, default_unit = excluded.default_unit",
    )
    .bind(organisation.id)
    .bind(&organisation.name)
    .bind(&organisation.default_unit)
    .execute(&mut *connection)
    .await?;
    for unit in &organisation.units {
        query(
            "INSERT INTO units (id, organisation_id, name) VALUES ($1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET name = excluded.name",
        )
        .bind(&unit.id)
        .bind(organisation.id)
        .bind(&unit.name)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Inserts or updates a user, except for cards, recovery codes and application passwords. Fails if a query fails.
pub(super) async fn put_user_row(connection: &mut PgConnection, user: &UserEntry) -> Result<()> {
    query(
        "INSERT INTO users (id, number, user_name, email, first_name, last_name, image_url, role,
                            organisation_id, default_unit, disabled, password_hash, totp_secret,
                            generation, authority, external_id, accepted_at, last_login_at,
                            language, adopted_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, (SELECT id FROM organisations WHERE name = $9),
                 $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
                 CASE WHEN $20 THEN coalesce($17, extract(epoch FROM now())::bigint) END)
         ON CONFLICT (id) DO UPDATE SET
             number = excluded.number, user_name = excluded.user_name, email = excluded.email,
             first_name = excluded.first_name, last_name = excluded.last_name,
             image_url = excluded.image_url, role = excluded.role,
             organisation_id = excluded.organisation_id, default_unit = excluded.default_unit,
             disabled = excluded.disabled, password_hash = excluded.password_hash,
             totp_secret = excluded.totp_secret, generation = excluded.generation,
             authority = excluded.authority, external_id = excluded.external_id,
             accepted_at = excluded.accepted_at, last_login_at = excluded.last_login_at,
             language = excluded.language,
             adopted_at = CASE WHEN excluded.adopted_at IS NOT NULL
                          THEN coalesce(users.adopted_at, excluded.adopted_at) END",
    )
    .bind(user.id)
    .bind(user.number)
    .bind(&user.user_name)
    .bind(&user.email)
    .bind(&user.first_name)
    .bind(&user.last_name)
    .bind(&user.image_url)
    .bind(user.role.name())
    .bind(&user.organisation)
    .bind(&user.default_unit)
    .bind(user.disabled)
    .bind(user.password_hash.as_deref().unwrap_or_default())
    .bind(&user.totp_secret)
    .bind(user.generation)
    .bind(&user.authority)
    .bind(&user.external_id)
    .bind(user.accepted_at.map(OffsetDateTime::unix_timestamp))
    .bind(user.last_login_at.map(OffsetDateTime::unix_timestamp))
    .bind(user.language.as_ref().map(Language::as_str))
    .bind(user.adopted)
    .execute(&mut *connection)
    .await?;
    put_logins(connection, user).await?;
    put_units(connection, user).await
}

async fn put_logins(connection: &mut PgConnection, user: &UserEntry) -> Result<()> {
    forget(connection, "DELETE FROM logins WHERE user_id = $1", user.id).await?;
    for login in user.logins() {
        query("INSERT INTO logins (look, login, user_id) VALUES ($1, $2, $3)")
            .bind(look(&login))
            .bind(login)
            .bind(user.id)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn put_units(connection: &mut PgConnection, user: &UserEntry) -> Result<()> {
    forget(
        connection,
        "DELETE FROM user_units WHERE user_id = $1",
        user.id,
    )
    .await?;
    for unit in &user.units {
        query("INSERT INTO user_units (user_id, unit) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(user.id)
            .bind(unit)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

pub(super) async fn forget(
    connection: &mut PgConnection,
    statement: &'static str,
    user: Uuid,
) -> Result<()> {
    query(statement)
        .bind(user)
        .execute(connection)
        .await
        .map(drop)
}
