//! Changes: single ones, and bringing the tables in line with a snapshot.

use std::sync::Arc;

use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, query};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{enrolments, entries};
use crate::directory::changes::{Changes, UserChange, logins};
use crate::directory::desk::Halt;
use crate::directory::digest_keys::RingTable as _;
use crate::directory::rows::Result;
use crate::directory::settled::{every_form, settle};
use crate::directory::{
    Applied, Change, DigestKeys, KeyDigest, KeyEntry, OrganisationEntry, Snapshot, Unfit,
    UserEntry, login_form,
};

pub(super) async fn set_password(
    connection: &mut PgConnection,
    user: Uuid,
    hash: String,
) -> Result<()> {
    query("UPDATE users SET password_hash = $1, generation = generation + 1 WHERE id = $2")
        .bind(hash)
        .bind(user)
        .execute(connection)
        .await
        .map(drop)
}

pub(super) async fn replace_hash(
    connection: &mut PgConnection,
    user: Uuid,
    old: String,
    new: String,
) -> Result<bool> {
    let mut transaction = connection.begin().await?;
    let done = query("UPDATE users SET password_hash = $1 WHERE id = $2 AND password_hash = $3")
        .bind(&new)
        .bind(user)
        .bind(&old)
        .execute(&mut *transaction)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    query("UPDATE replaced_hashes SET now = $1 WHERE user_id = $2 AND now = $3")
        .bind(&new)
        .bind(user)
        .bind(&old)
        .execute(&mut *transaction)
        .await?;
    query(
        "INSERT INTO replaced_hashes (user_id, digest, now) VALUES ($1, $2, $3)
         ON CONFLICT (user_id, digest) DO UPDATE SET now = excluded.now",
    )
    .bind(user)
    .bind(KeyDigest::of(&old).as_bytes().as_slice())
    .bind(&new)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(true)
}

pub(super) async fn set_disabled(
    connection: &mut PgConnection,
    user: Uuid,
    disabled: bool,
) -> Result<()> {
    query("UPDATE users SET disabled = $1, generation = generation + $1::int WHERE id = $2")
        .bind(disabled)
        .bind(user)
        .execute(connection)
        .await
        .map(drop)
}

pub(super) async fn note_import(
    connection: &mut PgConnection,
    fingerprint: [u8; 32],
) -> Result<()> {
    query("INSERT INTO imports (fingerprint) VALUES ($1) ON CONFLICT DO NOTHING")
        .bind(fingerprint.as_slice())
        .execute(connection)
        .await
        .map(drop)
}

pub(super) async fn apply(
    connection: &mut PgConnection,
    snapshot: Snapshot,
    digests: Arc<DigestKeys>,
) -> Result<Applied> {
    let mut transaction = connection.begin().await?;
    unlimited(&mut transaction).await?;
    alone(&mut transaction).await?;
    for key in &snapshot.digest_keys {
        transaction.put_sealed_key(key).await?;
    }
    let ring = digests.read(&mut *transaction).await?;
    let mut wanted = snapshot;
    let keys = wanted.keys;
    wanted.keys = every_form(&keys, &ring);
    let present = entries::read(&mut transaction, Some(&wanted)).await?;
    wanted.keys = keys;
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

/// Makes a single change, or tells why it is unfit.
pub(super) async fn change(
    connection: &mut PgConnection,
    change: Change,
) -> Result<std::result::Result<(), Unfit>> {
    let mut transaction = connection.begin().await?;
    alone(&mut transaction).await?;
    match change.make(&mut *transaction).await {
        Ok(()) => transaction.commit().await.map(Ok),
        Err(Halt::Unfit(unfit)) => Ok(Err(unfit)),
        Err(Halt::Failed(error)) => Err(error),
    }
}

/// One at a time: another one waits here, and then sees what this one wrote. Readers do not wait.
pub(super) async fn alone(transaction: &mut PgConnection) -> Result<()> {
    query("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE")
        .execute(transaction)
        .await
        .map(drop)
}

/// All there is at one moment.
pub(super) async fn snapshot(connection: &mut PgConnection) -> Result<Snapshot> {
    let mut transaction = connection
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    unlimited(&mut transaction).await?;
    let snapshot = entries::read(&mut transaction, None).await?;
    transaction.commit().await?;
    Ok(snapshot)
}

/// A whole directory takes longer than what a login waits for.
async fn unlimited(transaction: &mut PgConnection) -> Result<()> {
    query("SET LOCAL statement_timeout = 0")
        .execute(transaction)
        .await
        .map(drop)
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

async fn put_user(connection: &mut PgConnection, change: UserChange<'_>) -> Result<()> {
    put_person(connection, &change.entry).await?;
    put_cards(connection, &change.entry).await?;
    put_recovery_codes(connection, &change).await?;
    put_app_passwords(connection, &change).await
}

/// A user, but for cards, codes and application passwords.
pub(super) async fn put_person(connection: &mut PgConnection, user: &UserEntry) -> Result<()> {
    query(
        "INSERT INTO users (id, number, user_name, email, first_name, last_name, image_url, role,
                            organisation_id, default_unit, disabled, password_hash, totp_secret,
                            generation)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, (SELECT id FROM organisations WHERE name = $9),
                 $10, $11, $12, $13, $14)
         ON CONFLICT (id) DO UPDATE SET
             number = excluded.number, user_name = excluded.user_name, email = excluded.email,
             first_name = excluded.first_name, last_name = excluded.last_name,
             image_url = excluded.image_url, role = excluded.role,
             organisation_id = excluded.organisation_id, default_unit = excluded.default_unit,
             disabled = excluded.disabled, password_hash = excluded.password_hash,
             totp_secret = excluded.totp_secret, generation = excluded.generation",
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
    .bind(&user.password_hash)
    .bind(&user.totp_secret)
    .bind(user.generation)
    .execute(&mut *connection)
    .await?;
    put_logins(connection, user).await?;
    put_units(connection, user).await
}

async fn put_logins(connection: &mut PgConnection, user: &UserEntry) -> Result<()> {
    forget(connection, "DELETE FROM logins WHERE user_id = $1", user.id).await?;
    for login in logins(user) {
        query("INSERT INTO logins (login, user_id) VALUES ($1, $2)")
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
        .bind(card.code_digest.and_then(key_id))
        .bind(&card.identifier)
        .bind(&card.pass_code_hash)
        .bind(card.effective)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Logins go on meanwhile: a code that is used now is not revived.
async fn put_recovery_codes(connection: &mut PgConnection, change: &UserChange<'_>) -> Result<()> {
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

async fn put_app_passwords(connection: &mut PgConnection, change: &UserChange<'_>) -> Result<()> {
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
            "INSERT INTO app_passwords (user_id, digest, realm, label, made_at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (user_id, digest) DO UPDATE
                 SET realm = excluded.realm, label = excluded.label, made_at = excluded.made_at",
        )
        .bind(user)
        .bind(password.digest.as_bytes().as_slice())
        .bind(&password.dialect)
        .bind(&password.label)
        .bind(password.made_at.unix_timestamp())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

pub(super) async fn put_key(connection: &mut PgConnection, key: &KeyEntry) -> Result<()> {
    query(
        "INSERT INTO keys (realm, digest, digest_key, label, user_id, scopes, expires_at)
         VALUES ($1, $2, $3, $4, (SELECT user_id FROM logins WHERE login = $5), $6, $7)
         ON CONFLICT (realm, digest) DO UPDATE
             SET label = excluded.label, user_id = excluded.user_id,
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
fn key_id(digest: KeyDigest) -> Option<Vec<u8>> {
    digest.key().map(|key| key.0.to_vec())
}

async fn forget(connection: &mut PgConnection, statement: &'static str, user: Uuid) -> Result<()> {
    query(statement)
        .bind(user)
        .execute(connection)
        .await
        .map(drop)
}
