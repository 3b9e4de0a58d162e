//! Queries, and decoding of SQLite's columns.

use isogloss_core::backend::directory::{UserPage, login_forms, spellings};
use isogloss_core::directory::{
    Account, Card, KeyDigest, OrganisationEntry, OrganisationRef, UserFilter, UserRecord,
};
use isogloss_core::{Key, Unit, User};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Executor, QueryBuilder, Row as _, Sqlite, query};
use uuid::Uuid;

use super::connections::Connections;
use crate::row::columns::{ACCOUNT, select};
use crate::row::{self, Columns, Result, unreadable};
use crate::user_filter;

/// Returns the account with this login name; `None` if there is none. For an unknown name, the query reads some
/// other account, which is dropped, so that it takes as long. Fails if the query fails.
pub(super) async fn account(pool: &Connections, login: &str) -> Result<Option<Account>> {
    let [as_sent, composed, decomposed] = login_forms(login);
    let row = query(AssertSqlSafe(format!(
        "WITH named (id) AS (SELECT coalesce((SELECT user FROM logins WHERE login = ?1),
             (SELECT user FROM logins WHERE login = ?2), (SELECT user FROM logins WHERE login = ?3)))
         SELECT {ACCOUNT}, (SELECT id FROM named) IS NOT NULL AS found FROM user_accounts a
         WHERE a.id = coalesce((SELECT id FROM named), (SELECT id FROM users LIMIT 1))",
    )))
    .bind(as_sent)
    .bind(composed)
    .bind(decomposed)
    .fetch_optional(pool)
    .await?;
    row::account_if_found(row.as_ref())
}

pub(super) async fn user(
    executor: impl Executor<'_, Database = Sqlite>,
    id: Uuid,
) -> Result<Option<User>> {
    let row = query(select(ACCOUNT, " FROM user_accounts a WHERE a.id = ?"))
        .bind(id.to_string())
        .fetch_optional(executor)
        .await?;
    row.as_ref().map(row::user).transpose()
}

pub(super) async fn user_record(
    executor: impl Executor<'_, Database = Sqlite>,
    id: Uuid,
) -> Result<Option<UserRecord>> {
    let row = query(select(ACCOUNT, " FROM user_accounts a WHERE a.id = ?"))
        .bind(id.to_string())
        .fetch_optional(executor)
        .await?;
    row.as_ref().map(row::user_record).transpose()
}

pub(super) async fn units_of(pool: &Connections, user: &User) -> Result<Vec<Unit>> {
    let rows = query("SELECT id, name FROM units WHERE organisation = ? ORDER BY id")
        .bind(user.organisation.id.to_string())
        .fetch_all(pool)
        .await?;
    row::units_of(user, &rows)
}

pub(super) async fn users(
    pool: &Connections,
    mut found: UserPage,
    filter: &UserFilter,
    limit: u32,
) -> Result<Vec<UserRecord>> {
    loop {
        let mut statement = users_statement("", filter, (found.after(), limit));
        let page = statement.build().fetch_all(pool).await?;
        let page = page.iter().map(row::user_record).collect::<Result<_>>()?;
        if !found.takes(page) {
            return Ok(found.users);
        }
    }
}

/// Returns the statement of a page of users, after `beginning`: the number after which it begins, and its length.
pub(crate) fn users_statement(
    beginning: &'static str,
    filter: &UserFilter,
    page: (i64, u32),
) -> QueryBuilder<Sqlite> {
    let dialect = user_filter::Dialect {
        organisation: filter.organisation.map(|id| id.to_string()),
        // `LIKE` compares ASCII characters in upper and lower case.
        texts: [
            "user_name",
            "email",
            "first_name || ' ' || last_name",
            "CAST(number AS TEXT)",
        ],
    };
    user_filter::statement(beginning, filter, dialect, page)
}

pub(super) async fn organisations(
    pool: &Connections,
    after: &str,
    limit: u32,
) -> Result<Vec<OrganisationEntry>> {
    let organisations = query(
        "SELECT id, name, default_unit FROM organisations WHERE name > ? ORDER BY name LIMIT ?",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    let units = query(
        "SELECT id, organisation, name FROM units WHERE organisation IN
             (SELECT id FROM organisations WHERE name > ? ORDER BY name LIMIT ?) ORDER BY id",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    row::organisation_entries(&organisations, &units)
}

pub(super) async fn organisation(
    connection: &mut SqliteConnection,
    name: OrganisationRef<'_>,
) -> Result<Option<OrganisationEntry>> {
    let lookup = match name {
        OrganisationRef::Name(name) => {
            let [as_sent, composed, decomposed] = spellings(name);
            query(
                "SELECT id, name, default_unit FROM organisations WHERE name IN (?1, ?2, ?3)
                 ORDER BY name <> ?1, name <> ?2 LIMIT 1",
            )
            .bind(as_sent)
            .bind(composed)
            .bind(decomposed)
        }
        OrganisationRef::Id(id) => {
            query("SELECT id, name, default_unit FROM organisations WHERE id = ?")
                .bind(id.to_string())
        }
    };
    let organisations = lookup.fetch_all(&mut *connection).await?;
    let Some(found) = organisations.first() else {
        return Ok(None);
    };
    let units =
        query("SELECT id, organisation, name FROM units WHERE organisation = ? ORDER BY id")
            .bind(found.text("id")?)
            .fetch_all(connection)
            .await?;
    Ok(row::organisation_entries(&organisations, &units)?.pop())
}

pub(super) async fn card_of_code(
    pool: &Connections,
    forms: &[KeyDigest],
) -> Result<Option<(Card, KeyDigest)>> {
    let mut lookup = QueryBuilder::<Sqlite>::new(format!(
        "SELECT {ACCOUNT}, c.pass_code_hash, c.code_digest, c.code_digest_key
         FROM access_cards c JOIN user_accounts a ON a.id = c.user
         WHERE c.effective AND c.code_digest"
    ));
    one_of(&mut lookup, forms);
    let row = lookup.build().fetch_optional(pool).await?;
    row.as_ref().map(row::card_of_code).transpose()
}

pub(super) async fn card_of_identifier(
    pool: &Connections,
    identifier: &str,
) -> Result<Option<Card>> {
    let [as_sent, composed, decomposed] = spellings(identifier);
    let row = query(select(
        ACCOUNT,
        ", c.pass_code_hash FROM access_cards c JOIN user_accounts a ON a.id = c.user
         WHERE c.effective AND c.identifier IN (?1, ?2, ?3)
         ORDER BY c.identifier <> ?1, c.identifier <> ?2 LIMIT 1",
    ))
    .bind(as_sent)
    .bind(composed)
    .bind(decomposed)
    .fetch_optional(pool)
    .await?;
    row.as_ref().map(row::card).transpose()
}

pub(super) async fn key(
    executor: impl Executor<'_, Database = Sqlite>,
    realm: &str,
    forms: &[KeyDigest],
) -> Result<Option<(Key, KeyDigest)>> {
    let mut lookup = QueryBuilder::<Sqlite>::new(
        "SELECT label, user, scopes, expires_at, digest, digest_key FROM keys WHERE realm = ",
    );
    lookup.push_bind(realm).push(" AND digest");
    one_of(&mut lookup, forms);
    let row = lookup.build().fetch_optional(executor).await?;
    row.as_ref().map(row::key_with_digest).transpose()
}

/// Adds an `IN` list of the forms of a digest to a statement.
pub(super) fn one_of(statement: &mut QueryBuilder<Sqlite>, forms: &[KeyDigest]) {
    statement.push(" IN (");
    let mut list = statement.separated(", ");
    for form in forms {
        list.push_bind(form.as_bytes().to_vec());
    }
    statement.push(")");
}

impl Columns for SqliteRow {
    fn text(&self, column: &str) -> Result<String> {
        self.try_get(column)
    }

    fn text_if_any(&self, column: &str) -> Result<Option<String>> {
        self.try_get(column)
    }

    fn texts(&self, column: &str) -> Result<Vec<String>> {
        let lines: Option<&str> = self.try_get(column)?;
        Ok(lines
            .unwrap_or_default()
            .lines()
            .map(str::to_owned)
            .collect())
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
        let text: &str = self.try_get(column)?;
        Uuid::try_parse(text).map_err(|_| unreadable("identifier"))
    }

    fn guid_if_any(&self, column: &str) -> Result<Option<Uuid>> {
        let text: Option<&str> = self.try_get(column)?;
        let guid = text.map(Uuid::try_parse).transpose();
        guid.map_err(|_| unreadable("identifier"))
    }
}
