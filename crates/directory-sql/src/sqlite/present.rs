//! Reads the stored entries that a directory file concerns.

use isogloss_core::backend::directory::{
    EntryNames, ErasureTable as _, LAST_NUMBER, LookTable as _, OpenKeys,
};
use isogloss_core::directory::{Present, Wanted};
use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Sqlite, query, query_scalar};

use super::read::one_of;
use super::snapshot::{self, list};
use super::transaction::SqliteTables;
use crate::row::{self, Columns as _, Result};

pub(super) async fn read(
    connection: &mut SqliteConnection,
    wanted: &Wanted,
    open: OpenKeys,
) -> Result<Present> {
    let mut present = Present {
        open,
        ..Present::default()
    };
    let logins = query(
        "SELECT l.login, u.id, u.user_name FROM logins l JOIN users u ON u.id = l.user
         WHERE l.login IN (SELECT value FROM json_each(?))",
    )
    .bind(list(&wanted.logins()))
    .fetch_all(&mut *connection)
    .await?;
    for row in &logins {
        present.logins.insert(row.text("login")?, row::named(row)?);
    }
    let mut tables = SqliteTables(connection);
    present.looks = tables.logins_that_look_like(wanted.looks()).await?;
    let imported = query(
        "SELECT i.name, u.id, u.user_name FROM imported_users i JOIN users u ON u.id = i.user
         WHERE i.name IN (SELECT value FROM json_each(?))",
    )
    .bind(list(&wanted.logins()))
    .fetch_all(&mut *connection)
    .await?;
    for row in &imported {
        let name = row.text("name")?;
        present.imported_names.insert(name, row::named(row)?);
    }
    let numbers = query(
        "SELECT number, id, user_name FROM users
         WHERE number IN (SELECT value FROM json_each(?))",
    )
    .bind(serde_json::json!(wanted.numbers()).to_string())
    .fetch_all(&mut *connection)
    .await?;
    for row in &numbers {
        present
            .numbers
            .insert(row.number("number")?, row::named(row)?);
    }
    owners_of_links(connection, wanted, &mut present).await?;
    present.last_number = query_scalar("SELECT max(number) FROM users WHERE number < ?")
        .bind(LAST_NUMBER)
        .fetch_one(&mut *connection)
        .await?;
    let units =
        query("SELECT id, organisation FROM units WHERE id IN (SELECT value FROM json_each(?))")
            .bind(list(&wanted.units()))
            .fetch_all(&mut *connection)
            .await?;
    for row in &units {
        present
            .units
            .insert(row.text("id")?, row.guid("organisation")?);
    }
    owners_of_cards(connection, wanted, &mut present).await?;
    let mut named = EntryNames {
        organisations: Vec::new(),
        users: wanted.user_ids(&present),
        keys: wanted.key_names(&present.open),
        plain_realms: wanted.plain_realms(),
    };
    let organisations = query(
        "SELECT id FROM organisations WHERE id IN (SELECT value FROM json_each(?1))
         OR name IN (SELECT value FROM json_each(?2))
         OR id IN (SELECT organisation FROM users WHERE id IN (SELECT value FROM json_each(?3)))",
    )
    .bind(list(&wanted.organisation_ids()))
    .bind(list(&wanted.organisation_names()))
    .bind(list(&named.users))
    .fetch_all(&mut *connection)
    .await?;
    for row in &organisations {
        named.organisations.push(row.guid("id")?);
    }
    let tombstones = SqliteTables(connection).tombstones().await?;
    present.erased = tombstones.into_iter().collect();
    (present.entries, present.origins) = snapshot::read(connection, Some(&named)).await?;
    Ok(present)
}

/// Reads the users who have an external id of the file. Fails if the query fails.
async fn owners_of_links(
    connection: &mut SqliteConnection,
    wanted: &Wanted,
    present: &mut Present,
) -> Result<()> {
    let links = query(
        "SELECT authority, external_id, id, user_name FROM users
         WHERE authority IS NOT NULL AND external_id IN (SELECT value FROM json_each(?))",
    )
    .bind(list(&wanted.external_ids()))
    .fetch_all(connection)
    .await?;
    for row in &links {
        let link = (row.text("authority")?, row.text("external_id")?);
        present.links.insert(link, row::named(row)?);
    }
    Ok(())
}

/// Reads the owners of the codes and identifiers of the file's cards. Fails if a query fails.
async fn owners_of_cards(
    connection: &mut SqliteConnection,
    wanted: &Wanted,
    present: &mut Present,
) -> Result<()> {
    let mut codes = QueryBuilder::<Sqlite>::new(
        "SELECT c.code_digest, c.code_digest_key, u.id, u.user_name
         FROM access_cards c JOIN users u ON u.id = c.user WHERE c.code_digest",
    );
    one_of(&mut codes, &wanted.codes(&present.open));
    for row in &codes.build().fetch_all(&mut *connection).await? {
        present
            .codes
            .insert(row::code_digest(row)?, row::named(row)?);
    }
    let identifiers = query(
        "SELECT c.identifier, u.id, u.user_name FROM access_cards c JOIN users u ON u.id = c.user
         WHERE c.identifier IN (SELECT value FROM json_each(?))",
    )
    .bind(list(&wanted.identifiers()))
    .fetch_all(&mut *connection)
    .await?;
    for row in &identifiers {
        let identifier = row.text("identifier")?;
        present.identifiers.insert(identifier, row::named(row)?);
    }
    Ok(())
}
