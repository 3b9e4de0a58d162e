//! Counts the rows that PostgreSQL reads.

use std::path::Path;

use anyhow::{Context as _, Result};
use isogloss_testkit::{Gateway, Postgres, Store};

use super::{COST, exercise};
use crate::gateways::{filled, start_with};
use crate::growth::grouped;
use crate::growth::table_reads::TableReads;
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
        let reads = TableReads::read(postgres, database(url)?)?;
        Ok::<_, anyhow::Error>((asked, reads))
    };
    let (_, before) = run(|_| Ok(0))?;
    let (_, idle) = run(|_| Ok(0))?;
    let (asked, after) = run(exercise)?;
    // Without the rows that a start reads without any request.
    let of_start = idle.clone().since(&before);
    let of_requests = after.since(&idle).since(&of_start);
    let mut scanned = 0;
    for table in &of_requests.0 {
        if table.all >= LARGE && table.name != BESIDE {
            scanned += table.by_scan;
            report.line(&format!(
                "PostgreSQL, {asked} requests: of the {} rows of `{}`, {} were read through an index and {} without.",
                grouped(usize::try_from(table.all)?),
                table.name,
                table.by_index,
                table.by_scan
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
