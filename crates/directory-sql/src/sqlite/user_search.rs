//! Finds users by the beginning of a name in SQLite.

use isogloss_core::backend::directory::SearchPage;
use isogloss_core::directory::{FoundUsers, SearchCursor, UserRecord, UserSearch};
use sqlx::{query, query_as};

use super::connections::Connections;
use crate::row::columns::{ACCOUNT, select};
use crate::row::{self, Result};

/// Entries of the index of login names.
pub(crate) const LOGINS: &str =
    "SELECT l.login, u.number FROM logins AS l JOIN users AS u ON u.id = l.user
     WHERE l.login >= ?1 AND l.login < ?3 AND (l.login, u.number) > (?1, ?2)
     ORDER BY l.login LIMIT ?4";

/// Entries of the indexes of first names, last names and numbers.
pub(crate) const NAMES: [&str; 3] = [
    "SELECT substr(lower(first_name || ' ' || last_name), 1, 100), number FROM users
     WHERE substr(lower(first_name || ' ' || last_name), 1, 100) >= ?1 AND substr(lower(first_name || ' ' || last_name), 1, 100) < ?3
         AND (substr(lower(first_name || ' ' || last_name), 1, 100), number) > (?1, ?2)
     ORDER BY substr(lower(first_name || ' ' || last_name), 1, 100), number LIMIT ?4",
    "SELECT substr(lower(last_name || ' ' || first_name), 1, 100), number FROM users
     WHERE substr(lower(last_name || ' ' || first_name), 1, 100) >= ?1 AND substr(lower(last_name || ' ' || first_name), 1, 100) < ?3
         AND (substr(lower(last_name || ' ' || first_name), 1, 100), number) > (?1, ?2)
     ORDER BY substr(lower(last_name || ' ' || first_name), 1, 100), number LIMIT ?4",
    "SELECT CAST(number AS TEXT), number FROM users
     WHERE CAST(number AS TEXT) >= ?1 AND CAST(number AS TEXT) < ?3
         AND (CAST(number AS TEXT), number) > (?1, ?2)
     ORDER BY CAST(number AS TEXT), number LIMIT ?4",
];

/// Returns the page of the search. Fails if a query fails.
pub(super) async fn find(pool: &Connections, search: &UserSearch) -> Result<FoundUsers> {
    let ranges = search.ranges();
    let mut page = SearchPage::new(search);
    let mut read = 0;
    loop {
        let mut entries = Vec::new();
        let mut lookups = Vec::new();
        for bound in page.bounds(&ranges.logins) {
            lookups.push((LOGINS, bound));
        }
        for index in NAMES {
            for bound in page.bounds(&ranges.names) {
                lookups.push((index, bound));
            }
        }
        for (index, (term, number, past)) in lookups {
            let found: Vec<(String, i64)> = query_as(index)
                .bind(term)
                .bind(number)
                .bind(past)
                .bind(SearchPage::BATCH)
                .fetch_all(pool)
                .await?;
            let found = found.into_iter();
            entries.extend(found.map(|(term, number)| SearchCursor { term, number }));
        }
        let entries = SearchPage::merge(entries);
        let users = users(pool, &entries).await?;
        read += SearchPage::BATCH;
        if !page.takes(&entries, &users, read) {
            return Ok(page.into_found());
        }
    }
}

/// Returns the users of entries. Fails if the query fails.
async fn users(pool: &Connections, entries: &[SearchCursor]) -> Result<Vec<UserRecord>> {
    let numbers: Vec<_> = entries.iter().map(|entry| entry.number).collect();
    let rows = query(select(
        ACCOUNT,
        " FROM user_accounts a WHERE number IN (SELECT value FROM json_each(?))",
    ))
    .bind(serde_json::to_string(&numbers).unwrap_or_default())
    .fetch_all(pool)
    .await?;
    rows.iter().map(row::user_record).collect()
}
