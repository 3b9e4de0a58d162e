//! Queries, and decoding of PostgreSQL's columns.

use isogloss_core::backend::directory::spellings;
use isogloss_core::directory::{
    Account, Card, KeyDigest, OrganisationEntry, OrganisationRef, UserFilter, UserRecord,
};
use isogloss_core::{Key, Unit, User};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Postgres, QueryBuilder, Row as _, query};
use uuid::Uuid;

use crate::row::columns::{ACCOUNT, select};
use crate::row::{self, Columns, Result};
use crate::user_filter;

/// Returns the account with this login name; `None` if there is none. For an unknown name, the query reads some
/// other account, which is dropped, so that it takes as long. Fails if the query fails.
pub(super) async fn account(
    connection: &mut PgConnection,
    login: [String; 3],
) -> Result<Option<Account>> {
    let [as_sent, composed, decomposed] = login;
    let row = query(AssertSqlSafe(format!(
        "WITH named AS (SELECT coalesce((SELECT user_id FROM logins WHERE login = $1),
             (SELECT user_id FROM logins WHERE login = $2),
             (SELECT user_id FROM logins WHERE login = $3)) AS id)
         SELECT {ACCOUNT}, (SELECT id FROM named) IS NOT NULL AS found FROM user_accounts a
         WHERE a.id = coalesce((SELECT id FROM named), (SELECT id FROM users LIMIT 1))",
    )))
    .bind(as_sent)
    .bind(composed)
    .bind(decomposed)
    .fetch_optional(connection)
    .await?;
    row::account_if_found(row.as_ref())
}

pub(super) async fn user(connection: &mut PgConnection, id: Uuid) -> Result<Option<User>> {
    let row = query(select(ACCOUNT, " FROM user_accounts a WHERE a.id = $1"))
        .bind(id)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(row::user).transpose()
}

pub(super) async fn user_record(
    connection: &mut PgConnection,
    id: Uuid,
) -> Result<Option<UserRecord>> {
    let row = query(select(ACCOUNT, " FROM user_accounts a WHERE a.id = $1"))
        .bind(id)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(row::user_record).transpose()
}

pub(super) async fn units_of(connection: &mut PgConnection, user: User) -> Result<Vec<Unit>> {
    let rows = query("SELECT id, name FROM units WHERE organisation_id = $1 ORDER BY id")
        .bind(user.organisation.id)
        .fetch_all(connection)
        .await?;
    row::units_of(&user, &rows)
}

pub(super) async fn users(
    connection: &mut PgConnection,
    filter: UserFilter,
    after: i64,
    limit: u32,
) -> Result<Vec<UserRecord>> {
    let mut statement = users_statement("", &filter, (after, limit));
    let rows = statement.build().fetch_all(connection).await?;
    rows.iter().map(row::user_record).collect()
}

/// Returns the statement of a page of users, after `beginning`: the number after which it begins, and its length.
pub(crate) fn users_statement(
    beginning: &'static str,
    filter: &UserFilter,
    page: (i64, u32),
) -> QueryBuilder<Postgres> {
    let dialect = user_filter::Dialect {
        organisation: filter.organisation,
        // In the collation C, `lower` changes only ASCII characters.
        texts: [
            "lower(user_name COLLATE \"C\")",
            "lower(email COLLATE \"C\")",
            "lower((first_name || ' ' || last_name) COLLATE \"C\")",
            "number::text",
        ],
    };
    user_filter::statement(beginning, filter, dialect, page)
}

pub(super) async fn organisations(
    connection: &mut PgConnection,
    after: String,
    limit: u32,
) -> Result<Vec<OrganisationEntry>> {
    let organisations = query(
        "SELECT id, name, default_unit FROM organisations WHERE name > $1 ORDER BY name LIMIT $2",
    )
    .bind(&after)
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await?;
    let units = query(
        "SELECT id, organisation_id AS organisation, name FROM units WHERE organisation_id IN
             (SELECT id FROM organisations WHERE name > $1 ORDER BY name LIMIT $2) ORDER BY id",
    )
    .bind(&after)
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    row::organisation_entries(&organisations, &units)
}

pub(super) async fn organisation(
    connection: &mut PgConnection,
    name: OrganisationRef<'_>,
) -> Result<Option<OrganisationEntry>> {
    let lookup = match name {
        OrganisationRef::Name(name) => {
            let [as_sent, composed, decomposed] = spellings(name);
            query(
                "SELECT id, name, default_unit FROM organisations WHERE name IN ($1, $2, $3)
                 ORDER BY name <> $1, name <> $2 LIMIT 1",
            )
            .bind(as_sent)
            .bind(composed)
            .bind(decomposed)
        }
        OrganisationRef::Id(id) => {
            query("SELECT id, name, default_unit FROM organisations WHERE id = $1").bind(id)
        }
    };
    let organisations = lookup.fetch_all(&mut *connection).await?;
    let Some(found) = organisations.first() else {
        return Ok(None);
    };
    let units = query(
        "SELECT id, organisation_id AS organisation, name FROM units
         WHERE organisation_id = $1 ORDER BY id",
    )
    .bind(found.guid("id")?)
    .fetch_all(connection)
    .await?;
    Ok(row::organisation_entries(&organisations, &units)?.pop())
}

pub(super) async fn organisation_named(
    connection: &mut PgConnection,
    name: String,
) -> Result<Option<OrganisationEntry>> {
    organisation(connection, OrganisationRef::Name(&name)).await
}

pub(super) async fn card_of_code(
    connection: &mut PgConnection,
    forms: Vec<KeyDigest>,
) -> Result<Option<(Card, KeyDigest)>> {
    let row = query(select(
        ACCOUNT,
        ", c.pass_code_hash, c.code_digest, c.code_digest_key
         FROM access_cards c JOIN user_accounts a ON a.id = c.user_id
         WHERE c.effective AND c.code_digest = ANY($1)",
    ))
    .bind(bytes_of(&forms))
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(row::card_of_code).transpose()
}

pub(super) async fn card_of_identifier(
    connection: &mut PgConnection,
    identifier: String,
) -> Result<Option<Card>> {
    let [as_sent, composed, decomposed] = spellings(&identifier);
    let row = query(select(
        ACCOUNT,
        ", c.pass_code_hash FROM access_cards c JOIN user_accounts a ON a.id = c.user_id
         WHERE c.effective AND c.identifier IN ($1, $2, $3)
         ORDER BY c.identifier <> $1, c.identifier <> $2 LIMIT 1",
    ))
    .bind(as_sent)
    .bind(composed)
    .bind(decomposed)
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(row::card).transpose()
}

pub(super) async fn key(
    connection: &mut PgConnection,
    realm: String,
    forms: Vec<KeyDigest>,
) -> Result<Option<(Key, KeyDigest)>> {
    let row = query(
        "SELECT label, user_id AS \"user\", scopes, expires_at, digest, digest_key FROM keys
         WHERE realm = $1 AND digest = ANY($2)",
    )
    .bind(realm)
    .bind(bytes_of(&forms))
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(row::key_with_digest).transpose()
}

pub(super) fn bytes_of(digests: &[KeyDigest]) -> Vec<[u8; 32]> {
    digests.iter().map(|digest| *digest.as_bytes()).collect()
}

pub(super) async fn was_imported(
    connection: &mut PgConnection,
    fingerprint: [u8; 32],
) -> Result<bool> {
    let row = query("SELECT EXISTS (SELECT 1 FROM imports WHERE fingerprint = $1) AS known")
        .bind(fingerprint.as_slice())
        .fetch_one(connection)
        .await?;
    row.flag("known")
}

impl Columns for PgRow {
    fn text(&self, column: &str) -> Result<String> {
        self.try_get(column)
    }

    fn text_if_any(&self, column: &str) -> Result<Option<String>> {
        self.try_get(column)
    }

    fn texts(&self, column: &str) -> Result<Vec<String>> {
        self.try_get(column)
    }

    fn number(&self, column: &str) -> Result<i64> {
        self.try_get(column)
    }

    fn number_if_any(&self, column: &str) -> Result<Option<i64>> {
        self.try_get(column)
    }

    fn flag(&self, column: &str) -> Result<bool> {
        self.try_get(column)
    }

    fn bytes_if_any(&self, column: &str) -> Result<Option<Vec<u8>>> {
        self.try_get(column)
    }

    fn guid(&self, column: &str) -> Result<Uuid> {
        self.try_get(column)
    }

    fn guid_if_any(&self, column: &str) -> Result<Option<Uuid>> {
        self.try_get(column)
    }
}
