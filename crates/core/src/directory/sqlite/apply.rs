//! Bringing the tables in line with a snapshot, in one transaction.

use sqlx::query;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{SqliteDirectory, enrolments, entries};
use crate::directory::changes::{Changes, UserChange, logins};
use crate::directory::digest_keys::RingTable as _;
use crate::directory::rows::Result;
use crate::directory::settled::{every_form, settle};
use crate::directory::{
    Applied, KeyDigest, KeyEntry, OrganisationEntry, Snapshot, UserEntry, login_form,
};

pub(super) async fn apply(directory: &SqliteDirectory, snapshot: &Snapshot) -> Result<Applied> {
    let mut transaction = directory.pool.begin_with("BEGIN IMMEDIATE").await?;
    for key in &snapshot.digest_keys {
        transaction.put_sealed_key(key).await?;
    }
    let digests = &directory.digests;
    let ring = digests.read(&mut *transaction).await?;
    let mut wanted = snapshot.clone();
    wanted.keys = every_form(&snapshot.keys, &ring);
    let present = entries::read(&mut transaction, Some(&wanted)).await?;
    wanted.keys.clone_from(&snapshot.keys);
    settle(&mut wanted, &present, &ring, digests.now())?;
    let changes = Changes::between(&present, &wanted);
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
    digests.keep(&ring);
    Ok(changes.applied)
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

async fn put_user(connection: &mut SqliteConnection, change: UserChange<'_>) -> Result<()> {
    put_person(connection, &change.entry).await?;
    put_cards(connection, &change.entry).await?;
    put_recovery_codes(connection, &change).await?;
    put_app_passwords(connection, &change).await
}

/// A user, but for cards, codes and application passwords.
pub(super) async fn put_person(connection: &mut SqliteConnection, user: &UserEntry) -> Result<()> {
    query(
        "INSERT INTO users (id, number, user_name, email, first_name, last_name, image_url, role,
                            organisation, default_unit, disabled, password_hash, totp_secret,
                            generation)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT id FROM organisations WHERE name = ?),
                 ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET
             number = excluded.number, user_name = excluded.user_name, email = excluded.email,
             first_name = excluded.first_name, last_name = excluded.last_name,
             image_url = excluded.image_url, role = excluded.role,
             organisation = excluded.organisation, default_unit = excluded.default_unit,
             disabled = excluded.disabled, password_hash = excluded.password_hash,
             totp_secret = excluded.totp_secret, generation = excluded.generation",
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
    .bind(user.generation)
    .execute(&mut *connection)
    .await?;
    put_logins(connection, user).await?;
    put_units(connection, user).await
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
            "INSERT INTO access_cards (user, code_digest, code_digest_key, identifier,
                                       pass_code_hash, effective)
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(user.id.to_string())
        .bind(card.code_digest.map(|digest| digest.as_bytes().to_vec()))
        .bind(card.code_digest.and_then(key_id))
        .bind(&card.identifier)
        .bind(&card.pass_code_hash)
        .bind(card.effective)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn put_recovery_codes(
    connection: &mut SqliteConnection,
    change: &UserChange<'_>,
) -> Result<()> {
    let user = change.entry.id;
    if change.replaces_second_factor() {
        enrolments::forget_state(connection, user).await?;
    }
    for gone in change.gone_recovery_codes() {
        query("DELETE FROM recovery_codes WHERE user = ? AND digest = ?")
            .bind(user.to_string())
            .bind(gone.as_bytes().as_slice())
            .execute(&mut *connection)
            .await?;
    }
    for code in change.recovery_codes() {
        query(
            "INSERT INTO recovery_codes (user, digest, spent) VALUES (?, ?, ?)
             ON CONFLICT (user, digest) DO UPDATE SET spent = excluded.spent",
        )
        .bind(user.to_string())
        .bind(code.digest.as_bytes().as_slice())
        .bind(code.spent)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn put_app_passwords(
    connection: &mut SqliteConnection,
    change: &UserChange<'_>,
) -> Result<()> {
    let user = change.entry.id;
    for gone in change.gone_app_passwords() {
        query("DELETE FROM app_passwords WHERE user = ? AND digest = ?")
            .bind(user.to_string())
            .bind(gone.as_bytes().as_slice())
            .execute(&mut *connection)
            .await?;
    }
    for password in change.app_passwords() {
        query(
            "INSERT INTO app_passwords (user, digest, realm, label, made_at) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (user, digest) DO UPDATE SET
                 realm = excluded.realm, label = excluded.label, made_at = excluded.made_at",
        )
        .bind(user.to_string())
        .bind(password.digest.as_bytes().as_slice())
        .bind(&password.dialect)
        .bind(&password.label)
        .bind(password.made_at.unix_timestamp())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

pub(super) async fn put_key(connection: &mut SqliteConnection, key: &KeyEntry) -> Result<()> {
    query(
        "INSERT INTO keys (realm, digest, digest_key, label, user, scopes, expires_at)
         VALUES (?, ?, ?, ?, (SELECT user FROM logins WHERE login = ?), ?, ?)
         ON CONFLICT (realm, digest) DO UPDATE
             SET label = excluded.label, user = excluded.user,
                 scopes = excluded.scopes, expires_at = excluded.expires_at",
    )
    .bind(&key.realm)
    .bind(key.digest.as_bytes().as_slice())
    .bind(key_id(key.digest))
    .bind(&key.label)
    .bind(key.user.as_deref().map(login_form))
    .bind(key.scopes.to_stored())
    .bind(key.expires_at.map(OffsetDateTime::unix_timestamp))
    .execute(connection)
    .await
    .map(drop)
}

/// Names the digest key that a digest was made with, as it is stored.
pub(super) fn key_id(digest: KeyDigest) -> Option<Vec<u8>> {
    digest.key().map(|key| key.0.to_vec())
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

/// Exchanges a user's hash for another one of the same password, if it is still that.
pub(super) async fn replace_hash(
    pool: &SqlitePool,
    user: Uuid,
    old: &str,
    new: &str,
) -> Result<bool> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let user = user.to_string();
    let done = query("UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?")
        .bind(new)
        .bind(&user)
        .bind(old)
        .execute(&mut *transaction)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    query("UPDATE replaced_hashes SET now = ? WHERE user = ? AND now = ?")
        .bind(new)
        .bind(&user)
        .bind(old)
        .execute(&mut *transaction)
        .await?;
    query(
        "INSERT INTO replaced_hashes (user, digest, now) VALUES (?, ?, ?)
         ON CONFLICT (user, digest) DO UPDATE SET now = excluded.now",
    )
    .bind(&user)
    .bind(KeyDigest::of(old).as_bytes().as_slice())
    .bind(new)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(true)
}
