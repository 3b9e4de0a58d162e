//! Counts the rows that PostgreSQL reads.

use std::path::Path;

use anyhow::{Context as _, Result};
use isogloss_testkit::{Gateway, Postgres, Store};

use super::{COST, exercise};
use crate::gateways::{filled, start_with};
use crate::growth::grouped;
use crate::report::Report;
use crate::targets::at_most;

/// Reading a smaller table as a whole is as fast as using an index.
const LARGE: u64 = 1_000;
/// Table that background tasks read and write every few seconds, and that never grows beyond `usage.max_rows`.
const BESIDE: &str = "usage";

/// Returns the database name at the end of a URL.
pub(in crate::growth) fn database(url: &str) -> Result<&str> {
    Ok(url.rsplit_once('/').context("the database")?.1)
}

/// Judges whether requests read large tables without an index.
pub(in crate::growth) fn judge(
    program: &Path,
    postgres: &Postgres,
    url: &str,
    report: &mut Report,
) -> Result<()> {
    let run = |what: fn(&Gateway) -> Result<usize>| {
        let mut gateway = start_with(program, Store::Memory, |builder| {
            filled(builder, url).env(COST.0, COST.1)
        })?;
        let asked = what(&gateway)?;
        // The server adds a connection's statistics when the connection ends.
        gateway.terminate()?;
        Ok::<_, anyhow::Error>((asked, read_rows(postgres, database(url)?)?))
    };
    let (_, before) = run(|_| Ok(0))?;
    let (_, idle) = run(|_| Ok(0))?;
    let (asked, after) = run(exercise)?;
    let mut scanned = 0;
    for (index, table) in after.iter().enumerate() {
        // Subtracts the rows that a start reads without any request.
        let of_start = |part: fn(&Rows) -> u64| part(&idle[index]) - part(&before[index]);
        let of_requests = |part: fn(&Rows) -> u64| {
            (part(table) - part(&idle[index])).saturating_sub(of_start(part))
        };
        let (by_scan, by_index) = (
            of_requests(|rows| rows.by_scan),
            of_requests(|rows| rows.by_index),
        );
        if table.all >= LARGE && table.name != BESIDE {
            scanned += by_scan;
            report.line(&format!(
                "PostgreSQL, {asked} requests: of the {} rows of `{}`, {by_index} were read through an index and {by_scan} without.",
                grouped(usize::try_from(table.all)?),
                table.name
            ));
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "they are few")]
    let each = scanned as f64 / asked as f64;
    report.judge(at_most(
        "rows of large tables that PostgreSQL reads without an index for each request",
        "rows",
        each,
        1.0,
    ));
    Ok(())
}

/// Statistics of one table: its rows, and those that were read so far.
struct Rows {
    name: String,
    all: u64,
    by_scan: u64,
    by_index: u64,
}

fn read_rows(postgres: &Postgres, database: &str) -> Result<Vec<Rows>> {
    let told = postgres.sql(
        database,
        "SELECT relname, n_live_tup, seq_tup_read, coalesce(idx_tup_fetch, 0)
         FROM pg_stat_user_tables ORDER BY relname",
    )?;
    told.lines().map(rows).collect()
}

fn rows(line: &str) -> Result<Rows> {
    let mut columns = line.split('|');
    let mut next = || columns.next().context("a column is missing");
    Ok(Rows {
        name: next()?.to_owned(),
        all: next()?.parse()?,
        by_scan: next()?.parse()?,
        by_index: next()?.parse()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_from_what_the_server_tells() {
        let users = rows("users|1000000|7|52").unwrap();
        assert_eq!(users.name, "users");
        assert_eq!(
            (users.all, users.by_scan, users.by_index),
            (1_000_000, 7, 52)
        );
        assert!(rows("users|1000000").is_err());
    }
}
