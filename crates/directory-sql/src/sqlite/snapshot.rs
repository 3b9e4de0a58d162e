//! Reads stored entries: all of them, or only named ones.

use std::collections::HashMap;

use isogloss_core::backend::directory::{
    EntryNames, ErasureTable as _, ImportedValues, KeyRingTable as _, mark_look_alikes,
};
use isogloss_core::directory::{
    KeyCursor, KeyDigest, KeyEntry, OrganisationEntry, RevokedKeyEntry, Snapshot, UserEntry,
};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Sqlite};
use uuid::Uuid;

use super::read::one_of;
use super::transaction::SqliteTables;
use crate::key_page;
use crate::row::columns::ACCOUNT;
use crate::row::{self, Belongings, Result};

const KEYS: &str =
    "SELECT k.realm, k.label, k.digest, k.digest_key, k.scopes, k.expires_at, u.user_name
                    FROM keys k LEFT JOIN users u ON u.id = k.user";

/// Reads all entries, or only the named ones: a file of three users must not wait for a million. Also returns what
/// imports last set for the users. Fails if a query fails.
pub(super) async fn read(
    connection: &mut SqliteConnection,
    only: Option<&EntryNames>,
) -> Result<(Snapshot, HashMap<Uuid, ImportedValues>)> {
    let (mut users, origins) = users(connection, only).await?;
    if only.is_none() {
        mark_look_alikes(&mut users);
    }
    let entries = Snapshot {
        organisations: organisations(connection, only).await?,
        users,
        keys: keys(connection, only).await?,
        digest_keys: match only {
            None => SqliteTables(connection).sealed_keys().await?,
            Some(_) => Vec::new(),
        },
        revoked_keys: revoked_keys(connection, only).await?,
        erased_users: match only {
            None => SqliteTables(connection).tombstones().await?,
            Some(_) => Vec::new(),
        },
    };
    Ok((entries, origins))
}

async fn organisations(
    connection: &mut SqliteConnection,
    only: Option<&EntryNames>,
) -> Result<Vec<OrganisationEntry>> {
    let ids = only.map(|only| list(&only.organisations));
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
    row::organisation_entries(&organisations, &units)
}

async fn users(
    connection: &mut SqliteConnection,
    only: Option<&EntryNames>,
) -> Result<(Vec<UserEntry>, HashMap<Uuid, ImportedValues>)> {
    let ids = only.map(|only| list(&only.users));
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
            "SELECT user, realm, digest, label, made_at, imported FROM app_passwords",
            "user",
        )
        .await?,
        replaced_hashes: find(
            "SELECT r.user, r.digest FROM replaced_hashes r
             JOIN users u ON u.id = r.user AND u.password_hash = r.now",
            "u.id",
        )
        .await?,
        revoked_app_passwords: find(
            "SELECT user, digest, revoked_at FROM revoked_app_passwords",
            "user",
        )
        .await?,
        origins: find("SELECT user, said FROM imported_users", "user").await?,
    };
    let accounts = select(
        format!("SELECT {ACCOUNT} FROM user_accounts a"),
        "a.id",
        ids.as_deref(),
    )
    .push(" ORDER BY number")
    .build()
    .fetch_all(&mut *connection)
    .await?;
    row::user_entries(&accounts, &belongings)
}

/// Returns all keys, or only the named ones, ordered by realm and label. Fails if the query fails.
pub(super) async fn keys(
    connection: &mut SqliteConnection,
    only: Option<&EntryNames>,
) -> Result<Vec<KeyEntry>> {
    let mut statement = QueryBuilder::<Sqlite>::new(KEYS);
    push_keys(&mut statement, only);
    let rows = statement
        .push(" ORDER BY k.realm, k.label, k.digest")
        .build()
        .fetch_all(connection)
        .await?;
    row::key_entries(&rows)
}

/// Returns the keys of a realm, or of all, after a place, ordered by realm and label. Fails if the query fails.
pub(super) async fn keys_after(
    connection: &mut SqliteConnection,
    realm: Option<&str>,
    after: Option<&KeyCursor>,
    limit: u32,
) -> Result<Vec<KeyEntry>> {
    let mut statement = QueryBuilder::<Sqlite>::new(KEYS);
    key_page::push(&mut statement, realm, after, limit);
    let rows = statement.build().fetch_all(connection).await?;
    row::key_entries(&rows)
}

/// Returns the key whose former identifier has one of these stored forms; `None` if there is none. Fails if the
/// query fails.
pub(super) async fn find_key_by_former_id(
    connection: &mut SqliteConnection,
    stored: &[[u8; 32]],
) -> Result<Option<KeyEntry>> {
    let mut statement = QueryBuilder::<Sqlite>::new(KEYS);
    statement.push(" WHERE k.former_id");
    let stored: Vec<_> = stored.iter().copied().map(KeyDigest::plain).collect();
    one_of(&mut statement, &stored);
    let rows = statement.build().fetch_all(connection).await?;
    Ok(row::key_entries(&rows)?.pop())
}

/// Returns all revoked keys, or only the named ones, ordered by realm and digest. Fails if the query fails.
async fn revoked_keys(
    connection: &mut SqliteConnection,
    only: Option<&EntryNames>,
) -> Result<Vec<RevokedKeyEntry>> {
    let mut statement = QueryBuilder::<Sqlite>::new(
        "SELECT k.realm, k.digest, k.digest_key, k.revoked_at FROM revoked_keys k",
    );
    push_keys(&mut statement, only);
    let rows = statement
        .push(" ORDER BY k.realm, k.digest")
        .build()
        .fetch_all(connection)
        .await?;
    row::revoked_key_entries(&rows)
}

/// Restricts a statement to the keys that `only` names, and to keys with plain digests in its `plain_realms`. Leaves
/// the statement unchanged if `only` is `None`.
fn push_keys(statement: &mut QueryBuilder<Sqlite>, only: Option<&EntryNames>) {
    let Some(only) = only else { return };
    let names = only.keys.iter();
    let names: Value = names
        .map(|(realm, digest)| json!([realm, digest.hex()]))
        .collect();
    statement
        .push(
            " WHERE (k.realm, k.digest) IN (SELECT value ->> 0, unhex(value ->> 1) FROM json_each(",
        )
        .push_bind(names.to_string())
        .push(")) OR (k.digest_key IS NULL AND k.realm IN (SELECT value FROM json_each(")
        .push_bind(serde_json::json!(only.plain_realms).to_string())
        .push(")))");
}

/// Returns a statement that selects the rows whose `column` has one of `ids`, a JSON array, or all rows if `ids` is
/// `None`.
fn select(all: impl Into<String>, column: &'static str, ids: Option<&str>) -> QueryBuilder<Sqlite> {
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

/// Returns the identifiers as a JSON array, the input of `json_each`.
pub(super) fn list<T: ToString>(ids: &[T]) -> String {
    let ids: Value = ids.iter().map(T::to_string).collect();
    ids.to_string()
}
