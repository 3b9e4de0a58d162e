//! Entries as they are stored: all there are, or only those that another snapshot names.

use sqlx::postgres::PgConnection;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::directory::digest_keys::RingTable as _;
use crate::directory::rows::{self, Belongings, Result};
use crate::directory::{KeyEntry, OrganisationEntry, Snapshot, UserEntry};

const KEYS: &str =
    "SELECT k.realm, k.label, k.digest, k.digest_key, k.scopes, k.expires_at, u.user_name
                    FROM keys k LEFT JOIN users u ON u.id = k.user_id";

/// No row of anybody else is read: a file of three users is not to wait for a million. The
/// connection is in a transaction that sees all of it at one moment.
pub(super) async fn read(
    connection: &mut PgConnection,
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
    connection: &mut PgConnection,
    only: Option<&Snapshot>,
) -> Result<Vec<OrganisationEntry>> {
    let ids = only.map(|only| only.organisations.iter().map(|one| one.id).collect());
    let units = select(
        "SELECT id, organisation_id AS organisation, name FROM units",
        "organisation_id",
        ids.as_ref(),
    )
    .push(" ORDER BY id")
    .build()
    .fetch_all(&mut *connection)
    .await?;
    let organisations = select(
        "SELECT id, name, default_unit FROM organisations",
        "id",
        ids.as_ref(),
    )
    .push(" ORDER BY name")
    .build()
    .fetch_all(connection)
    .await?;
    rows::organisation_entries(&organisations, &units)
}

async fn users(connection: &mut PgConnection, only: Option<&Snapshot>) -> Result<Vec<UserEntry>> {
    let ids = only.map(|only| only.users.iter().map(|user| user.id).collect());
    let mut find = async |all: &'static str, user: &'static str| {
        let mut statement = select(all, user, ids.as_ref());
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
            "SELECT user_id AS \"user\", realm, digest, label, made_at FROM app_passwords",
            "user_id",
        )
        .await?,
        // By the users' own rows: or all of them are read where there are no statistics yet.
        replaced_hashes: find(
            "SELECT r.user_id AS \"user\", r.digest FROM replaced_hashes r
             JOIN users u ON u.id = r.user_id AND u.password_hash = r.now",
            "u.id",
        )
        .await?,
    };
    let accounts = select("SELECT * FROM accounts", "id", ids.as_ref())
        .push(" ORDER BY number")
        .build()
        .fetch_all(&mut *connection)
        .await?;
    rows::user_entries(&accounts, &belongings)
}

/// All keys, or only those.
pub(super) async fn keys(
    connection: &mut PgConnection,
    only: Option<&Snapshot>,
) -> Result<Vec<KeyEntry>> {
    let mut statement = QueryBuilder::<Postgres>::new(KEYS);
    if let Some(only) = only {
        let keys = only.keys.iter();
        let (realms, digests): (Vec<_>, Vec<_>) = keys
            .map(|key| (key.realm.clone(), *key.digest.as_bytes()))
            .unzip();
        statement
            .push(" WHERE (k.realm, k.digest) IN (SELECT * FROM unnest(")
            .push_bind(realms)
            .push("::text[], ")
            .push_bind(digests)
            .push("::bytea[]))");
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
    Ok(rows::key_entries(&rows)?.pop())
}

/// The rows that have one of the identifiers in that column, or all.
fn select(
    all: &'static str,
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
