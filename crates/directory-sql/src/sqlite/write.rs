//! Applies a directory file to the tables, in one transaction.

use std::sync::Arc;

use sqlx::query;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use super::transaction::SqliteTables;
use super::{SqliteDirectory, api_keys, enrolments, present};
use crate::row::{self, Result};
use isogloss_core::backend::directory::Changes;
use isogloss_core::backend::directory::ErasureTable as _;
use isogloss_core::backend::directory::OpenKeys;
use isogloss_core::backend::directory::UserChange;
use isogloss_core::backend::directory::fill_looks;
use isogloss_core::backend::directory::look;
use isogloss_core::directory::Wanted;
use isogloss_core::directory::{Applied, KeyDigest, OrganisationEntry, Unapplied, UserEntry};

/// Applies a directory file and returns the numbers of changed entries, or the reason why it was not applied.
/// Fails if a query fails. Without success, nothing is changed.
pub(super) async fn apply(
    directory: &SqliteDirectory,
    wanted: &Wanted,
) -> Result<std::result::Result<Applied, Unapplied>> {
    let mut transaction = directory.pool.begin().await?;
    let digests = &directory.digests;
    let mut tables = SqliteTables(&mut transaction);
    let ring = digests.take_over(&mut tables, &wanted.digest_keys);
    let ring = ring.await?;
    let open = OpenKeys::at(Arc::clone(&ring), digests.now());
    fill_looks(&mut tables).await?;
    let present = present::read(&mut transaction, wanted, open).await?;
    let changes = match Changes::of(&present, wanted) {
        Ok(changes) => changes,
        Err(unfit) => {
            transaction.rollback().await?;
            return Ok(Err(unfit));
        }
    };
    for organisation in &changes.organisations {
        put_organisation(&mut transaction, organisation).await?;
    }
    // Users in one file may exchange names, which would violate the unique key on the way.
    for user in changes.users.iter().filter(|user| user.differs) {
        forget(
            &mut transaction,
            "DELETE FROM logins WHERE user = ?",
            user.entry.id,
        )
        .await?;
    }
    for user in &changes.users {
        if user.differs {
            put_user(&mut transaction, user).await?;
        }
        put_origin(&mut transaction, user).await?;
    }
    for key in &changes.keys {
        api_keys::put(&mut transaction, key).await?;
    }
    for key in &changes.revoked_keys {
        api_keys::revoke(&mut transaction, key).await?;
    }
    for digest in &changes.erased {
        let mut tables = SqliteTables(&mut transaction);
        tables.put_tombstone(*digest, digests.now()).await?;
    }
    transaction.commit().await?;
    digests.keep(&ring);
    Ok(Ok(changes.applied))
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

async fn put_user(connection: &mut SqliteConnection, change: &UserChange) -> Result<()> {
    put_person(connection, &change.entry).await?;
    put_cards(connection, &change.entry).await?;
    put_replaced_hashes(connection, change).await?;
    put_recovery_codes(connection, change).await?;
    put_app_passwords(connection, change).await?;
    put_revoked_app_passwords(connection, change).await
}

/// Inserts or updates a user, except for cards, recovery codes and application passwords. Fails if a query fails.
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
        .bind(card.code_digest.and_then(KeyDigest::key_bytes))
        .bind(&card.identifier)
        .bind(&card.pass_code_hash)
        .bind(card.effective)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn put_recovery_codes(connection: &mut SqliteConnection, change: &UserChange) -> Result<()> {
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

async fn put_app_passwords(connection: &mut SqliteConnection, change: &UserChange) -> Result<()> {
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
            "INSERT INTO app_passwords (user, digest, realm, label, made_at, imported)
             VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (user, digest) DO UPDATE SET
                 realm = excluded.realm, label = excluded.label, made_at = excluded.made_at,
                 imported = excluded.imported",
        )
        .bind(user.to_string())
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
    connection: &mut SqliteConnection,
    change: &UserChange,
) -> Result<()> {
    let user = change.entry.id;
    for digest in change.good_again() {
        query("DELETE FROM revoked_app_passwords WHERE user = ? AND digest = ?")
            .bind(user.to_string())
            .bind(digest.as_bytes().as_slice())
            .execute(&mut *connection)
            .await?;
    }
    for revoked in change.revoked_app_passwords() {
        query(
            "INSERT INTO revoked_app_passwords (user, digest, revoked_at) VALUES (?, ?, ?)
             ON CONFLICT DO NOTHING",
        )
        .bind(user.to_string())
        .bind(revoked.digest.as_bytes().as_slice())
        .bind(revoked.revoked_at.unix_timestamp())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn put_replaced_hashes(connection: &mut SqliteConnection, change: &UserChange) -> Result<()> {
    for digest in change.replaced_hashes() {
        query(
            "INSERT INTO replaced_hashes (user, digest, now) VALUES (?, ?, ?)
             ON CONFLICT (user, digest) DO UPDATE SET now = excluded.now",
        )
        .bind(change.entry.id.to_string())
        .bind(digest.as_bytes().as_slice())
        .bind(&change.entry.password_hash)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn put_origin(connection: &mut SqliteConnection, change: &UserChange) -> Result<()> {
    let Some(origin) = &change.origin else {
        return Ok(());
    };
    query(
        "INSERT INTO imported_users (user, name, said) VALUES (?, ?, ?)
         ON CONFLICT (user) DO UPDATE SET name = excluded.name, said = excluded.said",
    )
    .bind(change.entry.id.to_string())
    .bind(change.imported_name())
    .bind(row::said(origin)?)
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
