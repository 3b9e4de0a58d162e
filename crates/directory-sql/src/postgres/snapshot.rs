//! Reads stored entries: all of them, or only named ones.

use std::collections::HashMap;

use isogloss_core::backend::directory::{
    EntryNames, ErasureTable as _, ImportedValues, KeyRingTable as _, mark_look_alikes,
};
use isogloss_core::directory::{
    KeyCursor, KeyEntry, OrganisationEntry, RevokedKeyEntry, Snapshot, UserEntry,
};
use sqlx::postgres::PgConnection;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::transaction::PostgresTables;
use crate::key_page;
use crate::row::columns::ACCOUNT;
use crate::row::{self, Belongings, Result};

const KEYS: &str =
    "SELECT k.realm, k.label, k.digest, k.digest_key, k.scopes, k.expires_at, u.user_name
                    FROM keys k LEFT JOIN users u ON u.id = k.user_id";

/// Reads all entries, or only the named ones: a file of three users must not wait for a million. Also returns what
/// imports last set for the users. Fails if a query fails.
pub(super) async fn read(
    connection: &mut PgConnection,
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
            None => PostgresTables(connection).sealed_keys().await?,
            Some(_) => Vec::new(),
        },
        revoked_keys: revoked_keys(connection, only).await?,
        erased_users: match only {
            None => PostgresTables(connection).tombstones().await?,
            Some(_) => Vec::new(),
        },
    };
    Ok((entries, origins))
}

async fn organisations(
    connection: &mut PgConnection,
    only: Option<&EntryNames>,
) -> Result<Vec<OrganisationEntry>> {
    let ids = only.map(|only| &only.organisations);
    let units = select(
        "SELECT id, organisation_id AS organisation, name FROM units",
        "organisation_id",
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
    connection: &mut PgConnection,
    only: Option<&EntryNames>,
) -> Result<(Vec<UserEntry>, HashMap<Uuid, ImportedValues>)> {
    let ids = only.map(|only| &only.users);
    let mut find = async |all: &'static str, user: &'static str| {
        let mut statement = select(all, user, ids);
        statement.build().fetch_all(&mut *connection).await
    };
    let belongings = Belongings {
        cards: find(
            "SELECT user_id AS \"user\", code_digest, code_digest_key, identifier, pass_code_hash,
                 effective
             FROM access_cards",
            "user_id",
        )
        .await?,
        recovery_codes: find(
            "SELECT user_id AS \"user\", digest, spent FROM recovery_codes",
            "user_id",
        )
        .await?,
        app_passwords: find(
            "SELECT user_id AS \"user\", realm, digest, label, made_at, imported FROM app_passwords",
            "user_id",
        )
        .await?,
        // Selects by the users' own rows: otherwise, without statistics, PostgreSQL would read all of them.
        replaced_hashes: find(
            "SELECT r.user_id AS \"user\", r.digest FROM replaced_hashes r
             JOIN users u ON u.id = r.user_id AND u.password_hash = r.now",
            "u.id",
        )
        .await?,
        revoked_app_passwords: find(
            "SELECT user_id AS \"user\", digest, revoked_at FROM revoked_app_passwords",
            "user_id",
        )
        .await?,
        origins: find("SELECT user_id AS \"user\", said FROM imported_users", "user_id").await?,
    };
    let accounts = select(
        format!("SELECT {ACCOUNT} FROM user_accounts a"),
        "a.id",
        ids,
    )
    .push(" ORDER BY number")
    .build()
    .fetch_all(&mut *connection)
    .await?;
    row::user_entries(&accounts, &belongings)
}

/// Returns all keys, or only the named ones, ordered by realm and label. Fails if the query fails.
pub(super) async fn keys(
    connection: &mut PgConnection,
    only: Option<&EntryNames>,
) -> Result<Vec<KeyEntry>> {
    let mut statement = QueryBuilder::<Postgres>::new(KEYS);
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
    connection: &mut PgConnection,
    realm: Option<&str>,
    after: Option<&KeyCursor>,
    limit: u32,
) -> Result<Vec<KeyEntry>> {
    let mut statement = QueryBuilder::<Postgres>::new(KEYS);
    key_page::push(&mut statement, realm, after, limit);
    let rows = statement.build().fetch_all(connection).await?;
    row::key_entries(&rows)
}

/// Returns the key whose former identifier has one of these stored forms; `None` if there is none. Fails if the
/// query fails.
pub(super) async fn find_key_by_former_id(
    connection: &mut PgConnection,
    stored: Vec<[u8; 32]>,
) -> Result<Option<KeyEntry>> {
    let rows = QueryBuilder::<Postgres>::new(KEYS)
        .push(" WHERE k.former_id = ANY(")
        .push_bind(stored)
        .push(")")
        .build()
        .fetch_all(connection)
        .await?;
    Ok(row::key_entries(&rows)?.pop())
}

/// Returns all revoked keys, or only the named ones, ordered by realm and digest. Fails if the query fails.
async fn revoked_keys(
    connection: &mut PgConnection,
    only: Option<&EntryNames>,
) -> Result<Vec<RevokedKeyEntry>> {
    let mut statement = QueryBuilder::<Postgres>::new(
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
fn push_keys(statement: &mut QueryBuilder<Postgres>, only: Option<&EntryNames>) {
    let Some(only) = only else { return };
    let keys = only.keys.iter();
    let (realms, digests): (Vec<_>, Vec<_>) = keys
        .map(|(realm, digest)| (realm.clone(), *digest.as_bytes()))
        .unzip();
    statement
        .push(" WHERE (k.realm, k.digest) IN (SELECT * FROM unnest(")
        .push_bind(realms)
        .push("::text[], ")
        .push_bind(digests)
        .push("::bytea[])) OR (k.digest_key IS NULL AND k.realm = ANY(")
        .push_bind(only.plain_realms.clone())
        .push("))");
}

/// Returns a statement that selects the rows whose `column` has one of `ids`, or all rows if `ids` is `None`.
fn select(
    all: impl Into<String>,
    column: &'static str,
    ids: Option<&Vec<Uuid>>,
) -> QueryBuilder<Postgres> {
    let mut statement = QueryBuilder::new(all);
    if let Some(ids) = ids {
        statement
            .push(" WHERE ")
            .push(column)
            .push(" = ANY(")
            .push_bind(ids.clone())
            .push(")");
    }
    statement
}
