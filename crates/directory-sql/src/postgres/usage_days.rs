//! Counts of days in PostgreSQL.

use isogloss_core::backend::directory::{DaysInTable, StoredDay, UsagePlace, day_number, day_rows};
use isogloss_core::usage::{DayFilter, UsageDay, UsageDays};
use sqlx::postgres::PgConnection;
use sqlx::query;
use time::Date;

use crate::row::columns::{USAGE_DAYS, select};
use crate::row::{self, Result};

/// Adds counts to those of their days, within a transaction that has locked the usage. Fails if a query fails.
pub(super) async fn add(
    transaction: &mut PgConnection,
    added: &UsageDays,
    places: Vec<UsagePlace>,
) -> Result<()> {
    let (mut days, mut dialects, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    for (day, dialect, id) in day_rows(added) {
        days.push(day);
        dialects.push(dialect);
        ids.push(id);
    }
    // With the limit, each row is looked up by the index, however many there are.
    let stored = query(select(
        USAGE_DAYS,
        " FROM unnest($1::bigint[], $2::text[], $3::text[]) AS wanted (day, dialect, id)
         CROSS JOIN LATERAL (
             SELECT day, dialect, id, application, key_label, client, user_agent, network, known, clients,
                    calls, refused, logins, last_served, users
             FROM usage_days AS s
             WHERE s.day = wanted.day AND s.dialect = wanted.dialect COLLATE \"C\"
                 AND s.id = wanted.id COLLATE \"C\"
             LIMIT 1) AS d",
    ))
    .bind(days)
    .bind(dialects)
    .bind(ids)
    .fetch_all(&mut *transaction)
    .await?;
    let stored: Result<_> = stored.iter().map(row::usage_day).collect();
    let stored = stored?;
    write(transaction, &DaysInTable { stored, places }.after(added)).await
}

async fn write(connection: &mut PgConnection, rows: &[StoredDay]) -> Result<()> {
    fn each<T>(rows: &[StoredDay], value: impl Fn(&StoredDay) -> T) -> Vec<T> {
        rows.iter().map(value).collect()
    }
    query(
        "INSERT INTO usage_days
             (day, dialect, id, application, key_label, client, user_agent, network, known, clients,
              calls, refused, logins, last_served, users)
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                              $7::text[], $8::text[], $9::boolean[], $10::bigint[], $11::bigint[],
                              $12::bigint[], $13::bigint[], $14::bigint[], $15::bytea[])
         ON CONFLICT (day, dialect, id) DO UPDATE SET
             known = excluded.known, clients = excluded.clients, calls = excluded.calls,
             refused = excluded.refused, logins = excluded.logins,
             last_served = excluded.last_served, users = excluded.users",
    )
    .bind(each(rows, |row| row.day))
    .bind(each(rows, |row| row.dialect.clone()))
    .bind(each(rows, |row| row.id.clone()))
    .bind(each(rows, |row| row.application.clone()))
    .bind(each(rows, |row| row.key_label.clone()))
    .bind(each(rows, |row| row.client.clone()))
    .bind(each(rows, |row| row.user_agent.clone()))
    .bind(each(rows, |row| row.network.clone()))
    .bind(each(rows, |row| row.known))
    .bind(each(rows, |row| row.clients))
    .bind(each(rows, |row| row.calls))
    .bind(each(rows, |row| row.refused))
    .bind(each(rows, |row| row.logins))
    .bind(each(rows, |row| row.last_served))
    .bind(each(rows, |row| row.users.clone()))
    .execute(connection)
    .await
    .map(drop)
}

/// Returns the counts that match the filter, in order. Fails if the query fails or a row cannot be decoded.
pub(super) async fn list(
    connection: &mut PgConnection,
    filter: DayFilter,
) -> Result<Vec<UsageDay>> {
    let rest = if filter.is_by_client {
        " FROM usage_days AS d
         WHERE d.day BETWEEN $1 AND $2 AND ($3::text IS NULL OR d.dialect = $3) AND d.id > ''
             AND (d.day, d.dialect, d.id) > ($4, $5, $6)
         ORDER BY d.day, d.dialect, d.id LIMIT $7"
    } else {
        " FROM usage_days AS d
         WHERE d.day BETWEEN $1 AND $2 AND ($3::text IS NULL OR d.dialect = $3) AND d.id = ''
             AND (d.day, d.dialect, d.id) > ($4, $5, $6)
         ORDER BY d.day, d.dialect, d.id LIMIT $7"
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
        .bind(i64::from(filter.limit))
        .fetch_all(connection)
        .await?;
    let stored: Result<Vec<_>> = rows.iter().map(row::usage_day).collect();
    Ok(stored?.into_iter().filter_map(StoredDay::read).collect())
}

/// Removes the counts of earlier days, and returns the number of rows. Fails if the query fails.
pub(super) async fn remove(connection: &mut PgConnection, before: Date) -> Result<u64> {
    let removed = query("DELETE FROM usage_days WHERE day < $1")
        .bind(day_number(before))
        .execute(connection)
        .await;
    removed.map(|done| done.rows_affected())
}
