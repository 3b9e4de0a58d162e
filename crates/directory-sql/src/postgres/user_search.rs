//! Finds users by the beginning of a name in PostgreSQL.

use isogloss_core::StoreError;
use isogloss_core::backend::directory::SearchPage;
use isogloss_core::directory::{FoundUsers, SearchCursor, UserRecord, UserSearch};
use sqlx::postgres::PgConnection;
use sqlx::{query, query_as};

use super::PostgresDirectory;
use super::directory::can_be_stored;
use crate::row::columns::{ACCOUNT, select};
use crate::row::{self, Result};

/// Entries of the index of login names. One more is read than needed: the first one may be the last of the page before.
pub(crate) const LOGINS: &str = "SELECT f.term, f.number
     FROM (SELECT l.login AS term, (SELECT u.number FROM users AS u WHERE u.id = l.user_id) AS number,
                  wanted.term AS after, wanted.number AS after_number
           FROM unnest($1::text[], $2::bigint[], $3::text[]) AS wanted (term, number, past)
           CROSS JOIN LATERAL (
               SELECT login, user_id FROM logins
               WHERE login >= wanted.term AND login < wanted.past
               ORDER BY login LIMIT $4 + 1) AS l) AS f
     WHERE (f.term, f.number) > (f.after, f.after_number)";

/// Entries of the indexes of first names, last names and numbers. There is one lower bound, because the database begins
/// to read an index at the first of several.
pub(crate) const NAMES: [&str; 3] = [
    "SELECT f.term, f.number
     FROM unnest($1::text[], $2::bigint[], $3::text[]) AS wanted (term, number, past)
     CROSS JOIN LATERAL (
         SELECT left(lower((u.first_name || ' ' || u.last_name) COLLATE \"C\"), 100) AS term, u.number
         FROM users AS u
         WHERE (left(lower((u.first_name || ' ' || u.last_name) COLLATE \"C\"), 100), u.number) > (wanted.term, wanted.number)
             AND left(lower((u.first_name || ' ' || u.last_name) COLLATE \"C\"), 100) < wanted.past
         ORDER BY left(lower((u.first_name || ' ' || u.last_name) COLLATE \"C\"), 100), u.number
         LIMIT $4) AS f",
    "SELECT f.term, f.number
     FROM unnest($1::text[], $2::bigint[], $3::text[]) AS wanted (term, number, past)
     CROSS JOIN LATERAL (
         SELECT left(lower((u.last_name || ' ' || u.first_name) COLLATE \"C\"), 100) AS term, u.number
         FROM users AS u
         WHERE (left(lower((u.last_name || ' ' || u.first_name) COLLATE \"C\"), 100), u.number) > (wanted.term, wanted.number)
             AND left(lower((u.last_name || ' ' || u.first_name) COLLATE \"C\"), 100) < wanted.past
         ORDER BY left(lower((u.last_name || ' ' || u.first_name) COLLATE \"C\"), 100), u.number
         LIMIT $4) AS f",
    "SELECT f.term, f.number
     FROM unnest($1::text[], $2::bigint[], $3::text[]) AS wanted (term, number, past)
     CROSS JOIN LATERAL (
         SELECT u.number::text COLLATE \"C\" AS term, u.number FROM users AS u
         WHERE (u.number::text COLLATE \"C\", u.number) > (wanted.term, wanted.number)
             AND u.number::text COLLATE \"C\" < wanted.past
         ORDER BY u.number::text COLLATE \"C\", u.number LIMIT $4) AS f",
];

/// Where the next entries of a range are: the text and the number after which they begin, and the text before which they
/// end.
type Bound = (String, i64, String);

/// Returns the page of the search. Fails if the directory is unavailable.
pub(super) async fn find(
    directory: &PostgresDirectory,
    search: &UserSearch,
) -> std::result::Result<FoundUsers, StoreError> {
    let texts = [
        Some(&search.prefix),
        search.after.as_ref().map(|after| &after.term),
    ];
    if !texts.into_iter().flatten().all(|text| can_be_stored(text)) {
        return Ok(FoundUsers::default());
    }
    let ranges = search.ranges();
    let mut page = SearchPage::new(search);
    let mut read = 0;
    loop {
        let logins = page.bounds(&ranges.logins);
        let names = page.bounds(&ranges.names);
        let batch = directory
            .run_idempotent(move |c| Box::pin(next_batch(c, logins.clone(), names.clone())));
        let (entries, users) = batch.await?;
        read += SearchPage::BATCH;
        if !page.takes(&entries, &users, read) {
            return Ok(page.into_found());
        }
    }
}

/// Returns the next entries of the indexes, and their users. Fails if a query fails.
async fn next_batch(
    connection: &mut PgConnection,
    logins: Vec<Bound>,
    names: Vec<Bound>,
) -> Result<(Vec<SearchCursor>, Vec<UserRecord>)> {
    let mut entries = entries(connection, LOGINS, &logins).await?;
    for index in NAMES {
        entries.extend(self::entries(connection, index, &names).await?);
    }
    let entries = SearchPage::merge(entries);
    let numbers: Vec<_> = entries.iter().map(|entry| entry.number).collect();
    let users = query(select(
        ACCOUNT,
        " FROM user_accounts a WHERE number = ANY($1)",
    ))
    .bind(numbers)
    .fetch_all(connection)
    .await?;
    let users: Result<_> = users.iter().map(row::user_record).collect();
    Ok((entries, users?))
}

/// Returns the next entries of one index within these bounds. Fails if the query fails.
async fn entries(
    connection: &mut PgConnection,
    index: &'static str,
    bounds: &[Bound],
) -> Result<Vec<SearchCursor>> {
    let (mut terms, mut numbers, mut pasts) = (Vec::new(), Vec::new(), Vec::new());
    for (term, number, past) in bounds {
        terms.push(term.as_str());
        numbers.push(*number);
        pasts.push(past.as_str());
    }
    let rows: Vec<(String, i64)> = query_as(index)
        .bind(terms)
        .bind(numbers)
        .bind(pasts)
        .bind(i64::from(SearchPage::BATCH))
        .fetch_all(connection)
        .await?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|(term, number)| SearchCursor { term, number })
        .collect())
}
