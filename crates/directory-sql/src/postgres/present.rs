//! Reads the stored entries that a directory file concerns.

use isogloss_core::backend::directory::{
    EntryNames, ErasureTable as _, LAST_NUMBER, LookTable as _, OpenKeys,
};
use isogloss_core::directory::{Present, Wanted};
use sqlx::postgres::PgConnection;
use sqlx::{query, query_scalar};

use super::read::bytes_of;
use super::snapshot;
use super::transaction::PostgresTables;
use crate::row::{self, Columns as _, Result};

pub(super) async fn read(
    connection: &mut PgConnection,
    wanted: &Wanted,
    open: OpenKeys,
) -> Result<Present> {
    let mut present = Present {
        open,
        ..Present::default()
    };
    let logins = query(
        "SELECT l.login, u.id, u.user_name FROM logins l JOIN users u ON u.id = l.user_id
         WHERE l.login = ANY($1)",
    )
    .bind(wanted.logins())
    .fetch_all(&mut *connection)
    .await?;
    for row in &logins {
        present.logins.insert(row.text("login")?, row::named(row)?);
    }
    let mut tables = PostgresTables(connection);
    present.looks = tables.logins_that_look_like(wanted.looks()).await?;
    let imported = query(
        "SELECT i.name, u.id, u.user_name FROM imported_users i JOIN users u ON u.id = i.user_id
         WHERE i.name = ANY($1)",
    )
    .bind(wanted.logins())
    .fetch_all(&mut *connection)
    .await?;
    for row in &imported {
        let name = row.text("name")?;
        present.imported_names.insert(name, row::named(row)?);
    }
    let numbers = query("SELECT number, id, user_name FROM users WHERE number = ANY($1)")
        .bind(wanted.numbers())
        .fetch_all(&mut *connection)
        .await?;
    for row in &numbers {
        present
            .numbers
            .insert(row.number("number")?, row::named(row)?);
    }
    owners_of_links(connection, wanted, &mut present).await?;
    present.last_number = query_scalar("SELECT max(number) FROM users WHERE number < $1")
        .bind(LAST_NUMBER)
        .fetch_one(&mut *connection)
        .await?;
    let units = query("SELECT id, organisation_id AS organisation FROM units WHERE id = ANY($1)")
        .bind(wanted.units())
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
        "SELECT id FROM organisations WHERE id = ANY($1) OR name = ANY($2)
         OR id IN (SELECT organisation_id FROM users WHERE id = ANY($3))",
    )
    .bind(wanted.organisation_ids())
    .bind(wanted.organisation_names())
    .bind(named.users.clone())
    .fetch_all(&mut *connection)
    .await?;
    for row in &organisations {
        named.organisations.push(row.guid("id")?);
    }
    present.erased = PostgresTables(connection)
        .tombstones()
        .await?
        .into_iter()
        .collect();
    (present.entries, present.origins) = snapshot::read(connection, Some(&named)).await?;
    Ok(present)
}

/// Reads the users who have an external id of the file. Fails if the query fails.
async fn owners_of_links(
    connection: &mut PgConnection,
    wanted: &Wanted,
    present: &mut Present,
) -> Result<()> {
    let links = query(
        "SELECT authority, external_id, id, user_name FROM users
         WHERE authority IS NOT NULL AND external_id = ANY($1)",
    )
    .bind(wanted.external_ids())
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
    connection: &mut PgConnection,
    wanted: &Wanted,
    present: &mut Present,
) -> Result<()> {
    let codes = query(
        "SELECT c.code_digest, c.code_digest_key, u.id, u.user_name
         FROM access_cards c JOIN users u ON u.id = c.user_id WHERE c.code_digest = ANY($1)",
    )
    .bind(bytes_of(&wanted.codes(&present.open)))
    .fetch_all(&mut *connection)
    .await?;
    for row in &codes {
        present
            .codes
            .insert(row::code_digest(row)?, row::named(row)?);
    }
    let identifiers = query(
        "SELECT c.identifier, u.id, u.user_name FROM access_cards c JOIN users u ON u.id = c.user_id
         WHERE c.identifier = ANY($1)",
    )
    .bind(wanted.identifiers())
    .fetch_all(&mut *connection)
    .await?;
    for row in &identifiers {
        let identifier = row.text("identifier")?;
        present.identifiers.insert(identifier, row::named(row)?);
    }
    Ok(())
}
