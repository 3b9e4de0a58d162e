//! Fills the tables that the console reads, and describes how many of their rows were read.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use anyhow::{Context as _, Result};
use isogloss_core::usage::CardinalitySketch;
use isogloss_testkit::Postgres;

use crate::growth::table_reads::{TableRead, TableReads};
use crate::growth::{Growth, grouped};

/// Clients of a dialect that have counts of their own on one day: the default of `usage.max_clients_per_day`.
const CLIENTS: usize = 200;
/// Rows of the table of clients: the default of `usage.max_rows`.
const USAGE: usize = 10_000;
const KEYS: usize = 10_000;
/// Reading a smaller table as a whole is as fast as using an index.
const LARGE: u64 = 20_000;

const DIALECTS: &str = "unnest(ARRAY['bimplus', 'crmcom', 'tokenlogin', 'memsource']) AS dialect";
const NOW: &str = "(extract(epoch FROM now()) * 1000)::bigint";

/// Fills all tables as a gateway with that many users would have them.
pub(super) fn fill(postgres: &Postgres, database: &str, growth: Growth) -> Result<()> {
    let (users, days) = (growth.users.many, growth.days);
    let (few, many) = (sketch(20), sketch(1_000));
    let statements = [
        // Some belong to other organisations, to an authority, or are disabled.
        "INSERT INTO organisations (id, name)
         SELECT gen_random_uuid(), 'Organisation ' || i FROM generate_series(1, 100) AS i"
            .to_owned(),
        "UPDATE users SET organisation_id = o.id, disabled = users.number % 3 = 0,
             authority = CASE WHEN users.number % 2 = 0 THEN 'corp' END,
             external_id = CASE WHEN users.number % 2 = 0 THEN users.user_name END
         FROM organisations AS o
         WHERE users.number % 50 = 1 AND o.name = 'Organisation ' || (users.number / 50) % 100"
            .to_owned(),
        format!(
            "INSERT INTO usage (id, dialect, revision, endpoint, client, user_agent, network, known, first_seen,
                 last_seen, last_served, calls, refused, users)
             SELECT md5(i || dialect), dialect, 'v1', '/endpoint/' || i % 5, 'device ' || i / 5, 'client/' || i % 20,
                 '10.0.' || i % 250 || '.0/24', true, {NOW} - 86400000, {NOW} - i * 60000, {NOW} - i * 60000, 1000, 10,
                 '\\x{few}'
             FROM generate_series(1, {USAGE} / 4) AS i, {DIALECTS}"
        ),
        format!(
            "INSERT INTO usage_days (day, dialect, id, user_agent, network, known, clients, calls, refused, logins,
                 last_served, users)
             SELECT {NOW} / 86400000 - d, dialect, CASE c WHEN 0 THEN '' ELSE md5(c || dialect) END, 'client/' || c % 20,
                 '10.0.' || c || '.0/24', true, 1, 1000, 10, 50, {NOW} - d * 86400000::bigint,
                 CASE c WHEN 0 THEN '\\x{many}'::bytea ELSE '\\x{few}'::bytea END
             FROM generate_series(0, {days} - 1) AS d, {DIALECTS}, generate_series(0, {CLIENTS}) AS c
             ON CONFLICT DO NOTHING"
        ),
        format!(
            "INSERT INTO user_usage (user_id, dialect, first_used_at, last_used_at, last_login_at, address, user_agent)
             SELECT id, 'bimplus', {NOW} - 86400000, {NOW} - number * 1000, {NOW} - number * 1000, '198.51.100.7',
                 'client/1'
             FROM users ON CONFLICT DO NOTHING"
        ),
        format!(
            "INSERT INTO keys (realm, digest, label)
             SELECT 'introspection', sha256(i::text::bytea), 'service ' || i FROM generate_series(1, {KEYS}) AS i"
        ),
        copies(
            "refused_requests",
            "request_id, dialect, user_id, name_hash, source, name, entry",
            users,
        ),
        copies(
            "audit",
            "event, user_id, actor, name_hash, line, outcome, dialect, source, handle",
            users,
        ),
        "VACUUM ANALYZE".to_owned(),
    ];
    for statement in statements {
        let written = postgres.sql(database, &statement);
        written.with_context(|| statement.lines().next().unwrap_or_default().to_owned())?;
    }
    Ok(())
}

/// Returns the statement that copies the rows of a table until there are about `many`, each at an earlier time.
fn copies(table: &str, columns: &str, many: usize) -> String {
    format!(
        "INSERT INTO {table} (time, {columns})
         SELECT time - i * 1000::bigint, {columns}
         FROM {table}, generate_series(1, (SELECT {many} / greatest(count(*), 1) FROM {table})) AS i"
    )
}

/// Returns a sketch of that many users, in hexadecimal digits.
fn sketch(users: u64) -> String {
    let mut sketch = CardinalitySketch::default();
    for user in 0..users {
        let mut hasher = DefaultHasher::new();
        user.hash(&mut hasher);
        sketch.insert(hasher.finish());
    }
    sketch
        .to_bytes()
        .iter()
        .fold(String::new(), |digits, byte| {
            digits + &format!("{byte:02x}")
        })
}

/// Returns the number of rows of a table.
pub(super) fn count(postgres: &Postgres, database: &str, table: &str) -> Result<u64> {
    let count = postgres.sql(database, &format!("SELECT count(*) FROM {table}"))?;
    Ok(count.trim().parse()?)
}

/// Returns the identifier of a user in the middle of the table.
pub(super) fn user(postgres: &Postgres, database: &str) -> Result<String> {
    let id = postgres.sql(database, "SELECT id FROM users WHERE user_name = 'user7'")?;
    Ok(id.trim().to_owned())
}

/// Returns those tables of which a page must not read much.
fn large(reads: &TableReads) -> impl Iterator<Item = &TableRead> {
    reads.0.iter().filter(|table| table.all >= LARGE)
}

/// Returns the number of rows of large tables that were read.
pub(super) fn read_of_large(reads: &TableReads) -> u64 {
    let read = large(reads).map(|table| table.by_scan + table.by_index);
    read.sum()
}

/// Returns the large tables with their sizes, for the report.
pub(super) fn sizes(reads: &TableReads) -> String {
    listed(reads, |table| table.all)
}

/// Returns the large tables with the rows that were read, for the report.
pub(super) fn reads(reads: &TableReads) -> String {
    listed(reads, |table| table.by_scan + table.by_index)
}

fn listed(reads: &TableReads, count: fn(&TableRead) -> u64) -> String {
    let tables = large(reads).map(|table| {
        let count = usize::try_from(count(table)).unwrap_or(usize::MAX);
        format!("{} of `{}`", grouped(count), table.name)
    });
    tables.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sketch_can_be_read_again() {
        let digits = sketch(1_000);
        let bytes: Vec<_> = digits.as_bytes().as_chunks::<2>().0.iter().collect();
        let bytes = bytes
            .iter()
            .map(|pair| u8::from_str_radix(std::str::from_utf8(*pair).unwrap(), 16).unwrap());
        let sketch = CardinalitySketch::from_bytes(&bytes.collect::<Vec<_>>()).unwrap();
        assert!((800..1_200).contains(&sketch.count()), "{}", sketch.count());
    }
}
