//! Counts of days in SQLite.

use isogloss_core::backend::directory::{DaysInTable, StoredDay, UsagePlace, day_number, day_rows};
use isogloss_core::usage::{DayFilter, UsageDay, UsageDays};
use sqlx::query;
use sqlx::sqlite::SqliteConnection;
use time::Date;

use super::connections::Connections;
use crate::row::columns::{USAGE_DAYS, select};
use crate::row::{self, Result};

/// Adds counts to those of their days, within a transaction. Fails if a query fails.
pub(super) async fn add(
    transaction: &mut SqliteConnection,
    added: &UsageDays,
    places: Vec<UsagePlace>,
) -> Result<()> {
    let wanted = serde_json::to_string(&day_rows(added)).unwrap_or_default();
    let stored = query(select(
        USAGE_DAYS,
        " FROM json_each(?) AS wanted JOIN usage_days AS d
         ON d.day = wanted.value ->> 0 AND d.dialect = wanted.value ->> 1 AND d.id = wanted.value ->> 2",
    ))
    .bind(wanted)
    .fetch_all(&mut *transaction)
    .await?;
    let stored: Result<_> = stored.iter().map(row::usage_day).collect();
    let stored = stored?;
    for row in (DaysInTable { stored, places }).after(added) {
        query(
            "INSERT OR REPLACE INTO usage_days
                 (day, dialect, id, application, key_label, client, user_agent, network, known, clients,
                  calls, refused, logins, last_served, users)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.day)
        .bind(row.dialect)
        .bind(row.id)
        .bind(row.application)
        .bind(row.key_label)
        .bind(row.client)
        .bind(row.user_agent)
        .bind(row.network)
        .bind(row.known)
        .bind(row.clients)
        .bind(row.calls)
        .bind(row.refused)
        .bind(row.logins)
        .bind(row.last_served)
        .bind(row.users)
        .execute(&mut *transaction)
        .await?;
    }
    Ok(())
}

/// Returns the counts that match the filter, in order. Fails if the query fails or a row cannot be decoded.
pub(super) async fn list(pool: &Connections, filter: &DayFilter) -> Result<Vec<UsageDay>> {
    let rest = if filter.is_by_client {
        " FROM usage_days AS d
         WHERE d.day BETWEEN ?1 AND ?2 AND (?3 IS NULL OR d.dialect = ?3) AND d.id > ''
             AND (d.day, d.dialect, d.id) > (?4, ?5, ?6)
         ORDER BY d.day, d.dialect, d.id LIMIT ?7"
    } else {
        " FROM usage_days AS d
         WHERE d.day BETWEEN ?1 AND ?2 AND (?3 IS NULL OR d.dialect = ?3) AND d.id = ''
             AND (d.day, d.dialect, d.id) > (?4, ?5, ?6)
         ORDER BY d.day, d.dialect, d.id LIMIT ?7"
    };
    let after = filter.after.as_ref();
    let rows = query(select(USAGE_DAYS, rest))
        .bind(day_number(filter.since))
        .bind(day_number(filter.until))
        .bind(filter.dialect.as_deref())
        // Without a page before, the same bound as the first day: an index may be read from the wrong one of two.
        .bind(day_number(after.map_or(filter.since, |after| after.day)))
        .bind(after.map_or("", |after| &after.dialect))
        .bind(after.map_or("", |after| &after.client))
        .bind(filter.limit)
        .fetch_all(pool)
        .await?;
    let stored: Result<Vec<_>> = rows.iter().map(row::usage_day).collect();
    Ok(stored?.into_iter().filter_map(StoredDay::read).collect())
}

/// Removes the counts of earlier days, and returns the number of rows. Fails if the query fails.
pub(super) async fn remove(pool: &Connections, before: Date) -> Result<u64> {
    let removed = query("DELETE FROM usage_days WHERE day < ?")
        .bind(day_number(before))
        .execute(pool)
        .await;
    removed.map(|done| done.rows_affected())
}
