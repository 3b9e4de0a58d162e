//! Finds users by the beginning of a name in PostgreSQL.

use isogloss_core::StoreError;
use isogloss_core::backend::directory::SearchPage;
use isogloss_core::directory::{
    FoundUsers, SearchCursor, SearchRanges, TermRange, UserRecord, UserSearch,
};
use sqlx::postgres::PgConnection;
use sqlx::{query, query_as};

use super::PostgresDirectory;
use super::directory::can_be_stored;
use crate::row::columns::{ACCOUNT, select};
use crate::row::{self, Result};

/// Entries of the index of login names. One more is read than needed: the first one may be the last of the page before.
pub(crate) const LOGINS: &str = "SELECT f.term, f.number
     FROM (SELECT l.login AS term, (SELECT u.number FROM users AS u WHERE u.id = l.user_id) AS number
           FROM unnest($1::text[], $2::text[]) AS wanted (first, past)
           CROSS JOIN LATERAL (
               SELECT login, user_id FROM logins
               WHERE login >= greatest(wanted.first COLLATE \"C\", $3) AND login < wanted.past
               ORDER BY login LIMIT $5 + 1) AS l) AS f
     WHERE (f.term, f.number) > ($3, $4)";

/// Entries of the indexes of first names, last names and numbers.
pub(crate) const NAMES: [&str; 3] = [
    "SELECT f.term, f.number
     FROM unnest($1::text[], $2::text[]) AS wanted (first, past)
     CROSS JOIN LATERAL (
         SELECT left(lower((u.first_name || ' ' || u.last_name) COLLATE \"C\"), 100) AS term, u.number
         FROM users AS u
         WHERE left(lower((u.first_name || ' ' || u.last_name) COLLATE \"C\"), 100)
                 >= greatest(wanted.first COLLATE \"C\", $3)
             AND left(lower((u.first_name || ' ' || u.last_name) COLLATE \"C\"), 100) < wanted.past
             AND (left(lower((u.first_name || ' ' || u.last_name) COLLATE \"C\"), 100), u.number) > ($3, $4)
         ORDER BY left(lower((u.first_name || ' ' || u.last_name) COLLATE \"C\"), 100), u.number
         LIMIT $5) AS f",
    "SELECT f.term, f.number
     FROM unnest($1::text[], $2::text[]) AS wanted (first, past)
     CROSS JOIN LATERAL (
         SELECT left(lower((u.last_name || ' ' || u.first_name) COLLATE \"C\"), 100) AS term, u.number
         FROM users AS u
         WHERE left(lower((u.last_name || ' ' || u.first_name) COLLATE \"C\"), 100)
                 >= greatest(wanted.first COLLATE \"C\", $3)
             AND left(lower((u.last_name || ' ' || u.first_name) COLLATE \"C\"), 100) < wanted.past
             AND (left(lower((u.last_name || ' ' || u.first_name) COLLATE \"C\"), 100), u.number) > ($3, $4)
         ORDER BY left(lower((u.last_name || ' ' || u.first_name) COLLATE \"C\"), 100), u.number
         LIMIT $5) AS f",
    "SELECT f.term, f.number
     FROM unnest($1::text[], $2::text[]) AS wanted (first, past)
     CROSS JOIN LATERAL (
         SELECT u.number::text COLLATE \"C\" AS term, u.number FROM users AS u
         WHERE u.number::text COLLATE \"C\" >= greatest(wanted.first COLLATE \"C\", $3)
             AND u.number::text COLLATE \"C\" < wanted.past
             AND (u.number::text COLLATE \"C\", u.number) > ($3, $4)
         ORDER BY u.number::text COLLATE \"C\", u.number LIMIT $5) AS f",
];

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
        let (ranges, after) = (ranges.clone(), page.after().cloned());
        let batch = directory
            .run_idempotent(move |c| Box::pin(next_batch(c, ranges.clone(), after.clone())));
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
    ranges: SearchRanges,
    after: Option<SearchCursor>,
) -> Result<(Vec<SearchCursor>, Vec<UserRecord>)> {
    let mut entries = entries(connection, LOGINS, &ranges.logins, after.as_ref()).await?;
    for index in NAMES {
        entries.extend(self::entries(connection, index, &ranges.names, after.as_ref()).await?);
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

/// Returns the next entries of one index in these ranges. Fails if the query fails.
async fn entries(
    connection: &mut PgConnection,
    index: &'static str,
    ranges: &[TermRange],
    after: Option<&SearchCursor>,
) -> Result<Vec<SearchCursor>> {
    let (first, past): (Vec<_>, Vec<_>) = ranges.iter().cloned().unzip();
    let rows: Vec<(String, i64)> = query_as(index)
        .bind(first)
        .bind(past)
        .bind(after.map_or("", |after| &after.term))
        .bind(after.map_or(i64::MIN, |after| after.number))
        .bind(i64::from(SearchPage::BATCH))
        .fetch_all(connection)
        .await?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|(term, number)| SearchCursor { term, number })
        .collect())
}
