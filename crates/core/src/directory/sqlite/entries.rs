//! Entries as they are stored: all there are, or only those that another snapshot names.

use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Sqlite};
use uuid::Uuid;

use super::read::one_of;
use crate::directory::digest_keys::RingTable as _;
use crate::directory::rows::{self, Belongings, Result};
use crate::directory::{KeyDigest, KeyEntry, OrganisationEntry, Snapshot, UserEntry};

const KEYS: &str =
    "SELECT k.realm, k.label, k.digest, k.digest_key, k.scopes, k.expires_at, u.user_name
                    FROM keys k LEFT JOIN users u ON u.id = k.user";

/// No row of anybody else is read: a file of three users is not to wait for a million.
pub(super) async fn read(
    connection: &mut SqliteConnection,
    only: Option<&Snapshot>,
) -> Result<Snapshot> {
    Ok(Snapshot {
        organisations: organisations(connection, only).await?,
        users: users(connection, only).await?,
        keys: keys(connection, only).await?,
        digest_keys: match only {
            None => connection.sealed_keys().await?,
            Some(_) => Vec::new(),
        },
    })
}

async fn organisations(
    connection: &mut SqliteConnection,
    only: Option<&Snapshot>,
) -> Result<Vec<OrganisationEntry>> {
    let ids = only.map(|only| list(only.organisations.iter().map(|one| one.id)));
    let ids = ids.as_deref();
    let units = select(
        "SELECT id, organisation, name FROM units",
        "organisation",
        ids,
    )
    .push(" ORDER BY id")
    .build()
    .fetch_all(&mut *connection)
    .await?;
    let organisations = select(
        "SELECT id, name, default_unit FROM organisations",
        "id",
        ids,
    )
    .push(" ORDER BY name")
    .build()
    .fetch_all(connection)
    .await?;
    rows::organisation_entries(&organisations, &units)
}

async fn users(
    connection: &mut SqliteConnection,
    only: Option<&Snapshot>,
) -> Result<Vec<UserEntry>> {
    let ids = only.map(|only| list(only.users.iter().map(|user| user.id)));
    let mut find = async |all: &'static str, user: &'static str| {
        let mut statement = select(all, user, ids.as_deref());
        statement.build().fetch_all(&mut *connection).await
    };
    let belongings = Belongings {
        cards: find(
            "SELECT user, code_digest, code_digest_key, identifier, pass_code_hash, effective
             FROM access_cards",
            "user",
        )
        .await?,
        recovery_codes: find("SELECT user, digest, spent FROM recovery_codes", "user").await?,
        app_passwords: find(
            "SELECT user, realm, digest, label, made_at FROM app_passwords",
            "user",
        )
        .await?,
        replaced_hashes: find(
            "SELECT r.user, r.digest FROM replaced_hashes r
             JOIN users u ON u.id = r.user AND u.password_hash = r.now",
            "u.id",
        )
        .await?,
    };
    let accounts = select("SELECT * FROM accounts", "id", ids.as_deref())
        .push(" ORDER BY number")
        .build()
        .fetch_all(&mut *connection)
        .await?;
    rows::user_entries(&accounts, &belongings)
}

/// All keys, or only those.
pub(super) async fn keys(
    connection: &mut SqliteConnection,
    only: Option<&Snapshot>,
) -> Result<Vec<KeyEntry>> {
    let mut statement = QueryBuilder::<Sqlite>::new(KEYS);
    if let Some(only) = only {
        let names = only.keys.iter();
        let names: Value = names
            .map(|key| json!([key.realm, key.digest.hex()]))
            .collect();
        statement
            .push(" WHERE (k.realm, k.digest) IN (SELECT value ->> 0, unhex(value ->> 1) FROM json_each(")
            .push_bind(names.to_string())
            .push("))");
    }
    let rows = statement
        .push(" ORDER BY k.realm, k.label, k.digest")
        .build()
        .fetch_all(connection)
        .await?;
    rows::key_entries(&rows)
}

/// The key that had an identifier which is stored as one of these.
pub(super) async fn key_once_called(
    connection: &mut SqliteConnection,
    stored: &[[u8; 32]],
) -> Result<Option<KeyEntry>> {
    let mut statement = QueryBuilder::<Sqlite>::new(KEYS);
    statement.push(" WHERE k.former_id");
    let stored: Vec<_> = stored.iter().copied().map(KeyDigest::plain).collect();
    one_of(&mut statement, &stored);
    let rows = statement.build().fetch_all(connection).await?;
    Ok(rows::key_entries(&rows)?.pop())
}

/// The rows that have one of the identifiers in that column, or all.
fn select(all: &'static str, column: &'static str, ids: Option<&str>) -> QueryBuilder<Sqlite> {
    let mut statement = QueryBuilder::new(all);
    if let Some(ids) = ids {
        statement
            .push(" WHERE ")
            .push(column)
            .push(" IN (SELECT value FROM json_each(")
            .push_bind(ids.to_owned())
            .push("))");
    }
    statement
}

/// As `json_each` takes it.
fn list(ids: impl Iterator<Item = Uuid>) -> String {
    let ids: Value = ids.map(|id| id.to_string()).collect();
    ids.to_string()
}
