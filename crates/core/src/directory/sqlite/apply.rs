//! Bringing the tables in line with a snapshot, in one transaction.

use sqlx::query;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use uuid::Uuid;

use super::read;
use crate::directory::changes::{Changes, UserChange, logins};
use crate::directory::rows::Result;
use crate::directory::{Applied, KeyEntry, OrganisationEntry, Snapshot, UserEntry, login_form};

pub(super) async fn apply(pool: &SqlitePool, snapshot: &Snapshot) -> Result<Applied> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let present = read::snapshot(&mut transaction).await?;
    let changes = Changes::between(&present, snapshot);
    for organisation in changes.organisations {
        put_organisation(&mut transaction, organisation).await?;
    }
    for user in changes.users {
        put_user(&mut transaction, user).await?;
    }
    for key in changes.keys {
        put_key(&mut transaction, key).await?;
    }
    transaction.commit().await?;
    Ok(changes.applied)
}

async fn put_organisation(
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

async fn put_user(connection: &mut SqliteConnection, change: UserChange<'_>) -> Result<()> {
    let UserChange {
        entry: user,
        ends_tokens,
    } = change;
    query(
        "INSERT INTO users (id, number, user_name, email, first_name, last_name, image_url, role,
                            organisation, default_unit, disabled, password_hash, totp_secret,
                            generation)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT id FROM organisations WHERE name = ?),
                 ?, ?, ?, ?, 0)
         ON CONFLICT (id) DO UPDATE SET
             number = excluded.number, user_name = excluded.user_name, email = excluded.email,
             first_name = excluded.first_name, last_name = excluded.last_name,
             image_url = excluded.image_url, role = excluded.role,
             organisation = excluded.organisation, default_unit = excluded.default_unit,
             disabled = excluded.disabled, password_hash = excluded.password_hash,
             totp_secret = excluded.totp_secret, generation = generation + ?",
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
    .bind(&user.password_hash)
    .bind(&user.totp_secret)
    .bind(ends_tokens)
    .execute(&mut *connection)
    .await?;
    put_logins(connection, user).await?;
    put_units(connection, user).await?;
    put_cards(connection, user).await
}

async fn put_logins(connection: &mut SqliteConnection, user: &UserEntry) -> Result<()> {
    forget(connection, "DELETE FROM logins WHERE user = ?", user.id).await?;
    for login in logins(user) {
        query("INSERT INTO logins (login, user) VALUES (?, ?)")
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

async fn put_cards(connection: &mut SqliteConnection, user: &UserEntry) -> Result<()> {
    forget(
        connection,
        "DELETE FROM access_cards WHERE user = ?",
        user.id,
    )
    .await?;
    for card in &user.access_cards {
        query(
            "INSERT INTO access_cards (user, code_digest, identifier, pass_code_hash, effective)
             VALUES (?, ?, ?, ?, ?)",
        )
        .bind(user.id.to_string())
        .bind(card.code_digest.map(|digest| digest.as_bytes().to_vec()))
        .bind(&card.identifier)
        .bind(&card.pass_code_hash)
        .bind(card.effective)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn put_key(connection: &mut SqliteConnection, key: &KeyEntry) -> Result<()> {
    query(
        "INSERT INTO keys (realm, digest, label, user)
         VALUES (?, ?, ?, (SELECT user FROM logins WHERE login = ?))
         ON CONFLICT (realm, digest) DO UPDATE SET label = excluded.label, user = excluded.user",
    )
    .bind(&key.realm)
    .bind(key.digest.as_bytes().as_slice())
    .bind(&key.label)
    .bind(key.user.as_deref().map(login_form))
    .execute(connection)
    .await
    .map(drop)
}

async fn forget(
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
