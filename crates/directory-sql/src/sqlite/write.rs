//! Writes organisations and users, except for what belongs to users in other tables.

use isogloss_core::Language;
use isogloss_core::backend::directory::look;
use isogloss_core::directory::{OrganisationEntry, UserEntry};
use sqlx::query;
use sqlx::sqlite::SqliteConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::connections::Connections;
use crate::row::Result;

/// Disables a user, which ends the user's tokens, or enables a user. From now on, a synchronisation does not enable the
/// user: an operator decides. Fails if a query fails.
pub(super) async fn set_disabled(pool: &Connections, user: Uuid, disabled: bool) -> Result<()> {
    let mut transaction = pool.begin().await?;
    query("UPDATE users SET disabled = ?1, generation = generation + ?1 WHERE id = ?2")
        .bind(disabled)
        .bind(user.to_string())
        .execute(&mut *transaction)
        .await?;
    forget(
        &mut transaction,
        "UPDATE imported_users SET said = json_remove(said, '$.disabled_by')
         WHERE user = ? AND json_extract(said, '$.disabled_by') IS NOT NULL",
        user,
    )
    .await?;
    transaction.commit().await
}

pub(super) async fn put_organisation(
    connection: &mut SqliteConnection,
    organisation: &OrganisationEntry,
) -> Result<()> {
    query(
        "INSERT INTO organisations (id, name, default_unit) VALUES (?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, default_unit = excluded.default_unit",
    )
    .bind(organisation.id.to_string())
    .bind(&organisation.name)
    .bind(&organisation.default_unit)
    .execute(&mut *connection)
    .await?;
    for unit in &organisation.units {
        query(
            "INSERT INTO units (id, organisation, name) VALUES (?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET name = excluded.name",
        )
        .bind(&unit.id)
        .bind(organisation.id.to_string())
        .bind(&unit.name)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Inserts or updates a user, except for cards, recovery codes and application passwords. Fails if a query fails.
pub(super) async fn put_user_row(
    connection: &mut SqliteConnection,
    user: &UserEntry,
) -> Result<()> {
    query(
        "INSERT INTO users (id, number, user_name, email, first_name, last_name, image_url, role,
                            organisation, default_unit, disabled, password_hash, totp_secret,
                            generation, authority, external_id, accepted_at, last_login_at,
                            language, adopted_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT id FROM organisations WHERE name = ?),
                 ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, CASE WHEN ? THEN coalesce(?, unixepoch()) END)
         ON CONFLICT (id) DO UPDATE SET
             number = excluded.number, user_name = excluded.user_name, email = excluded.email,
             first_name = excluded.first_name, last_name = excluded.last_name,
             image_url = excluded.image_url, role = excluded.role,
             organisation = excluded.organisation, default_unit = excluded.default_unit,
             disabled = excluded.disabled, password_hash = excluded.password_hash,
             totp_secret = excluded.totp_secret, generation = excluded.generation,
             authority = excluded.authority, external_id = excluded.external_id,
             accepted_at = excluded.accepted_at, last_login_at = excluded.last_login_at,
             language = excluded.language,
             adopted_at = CASE WHEN excluded.adopted_at IS NOT NULL
                          THEN coalesce(users.adopted_at, excluded.adopted_at) END",
    )
    .bind(user.id.to_string())
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
    .bind(user.accepted_at.map(OffsetDateTime::unix_timestamp))
    .execute(&mut *connection)
    .await?;
    put_logins(connection, user).await?;
    put_units(connection, user).await
}

async fn put_logins(connection: &mut SqliteConnection, user: &UserEntry) -> Result<()> {
    forget(connection, "DELETE FROM logins WHERE user = ?", user.id).await?;
    for login in user.logins() {
        query("INSERT INTO logins (look, login, user) VALUES (?, ?, ?)")
            .bind(look(&login))
            .bind(login)
            .bind(user.id.to_string())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn put_units(connection: &mut SqliteConnection, user: &UserEntry) -> Result<()> {
    forget(connection, "DELETE FROM user_units WHERE user = ?", user.id).await?;
    for unit in &user.units {
        query("INSERT INTO user_units (user, unit) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(user.id.to_string())
            .bind(unit)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

pub(super) async fn forget(
    connection: &mut SqliteConnection,
    statement: &'static str,
    user: Uuid,
) -> Result<()> {
    query(statement)
        .bind(user.to_string())
        .execute(connection)
        .await
        .map(drop)
}
