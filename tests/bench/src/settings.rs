//! What a setting brings: alternating measurements with a feature and without it.

mod measured;

use std::path::Path;

use anyhow::Result;

use self::measured::{Bench, Measured};
use crate::Effort;
use crate::gateways::{NO_NEAR_TOKENS, Setting, written};
use crate::report::{Comparison, Report};
use crate::rounds::{Contestant, run};
use crate::unseen::Unseen;

const NO_NEAR_USERS: Setting = ("ISOGLOSS__DIRECTORY__NEAR_CACHE", "0");
const SHARED_CONNECTION: Setting = ("ISOGLOSS__TOKENS__REDIS_WORKER_CONNECTIONS", "false");
const EACH_BY_ITSELF: Setting = ("ISOGLOSS__TOKENS__REDIS_TOUCH_BATCH", "1");
const NO_LANES: Setting = ("ISOGLOSS__PASSWORDS__LANES", "false");
const EQUAL_PRIORITY: Setting = ("ISOGLOSS__PASSWORDS__LOW_PRIORITY", "false");
const NO_USAGE: Setting = ("ISOGLOSS__USAGE__ENABLED", "false");
/// Spans are created for a collector, but none is sent.
const SPANS: [Setting; 2] = [
    ("ISOGLOSS__TRACING__OTLP_ENDPOINT", "http://127.0.0.1:4318"),
    ("ISOGLOSS__TRACING__SAMPLE_RATIO", "0"),
];

/// A feature that can be switched off.
struct Row {
    what: &'static str,
    /// Settings that switch it off.
    off: &'static [Setting],
    measured: Measured,
}

const ROWS: &[Row] = &[
    row(TOKENS, &[NO_NEAR_TOKENS], Measured::Checks(32)),
    row(TOKENS, &[NO_NEAR_TOKENS], Measured::Checks(256)),
    row(TOKENS, &[NO_NEAR_TOKENS], Measured::ChecksNoted(32)),
    row(USERS, &[NO_NEAR_USERS], Measured::Checks(32)),
    row(USERS, &[NO_NEAR_USERS], Measured::ChecksOnce(32)),
    row(USERS, &[NO_NEAR_USERS], Measured::ChecksEmbedded(32)),
    row(
        "a connection for each worker",
        &[SHARED_CONNECTION],
        Measured::ChecksOnce(32),
    ),
    row(
        "uses are recorded in batches",
        &[EACH_BY_ITSELF],
        Measured::ChecksNoted(32),
    ),
    row("no spans without a reader", &SPANS, Measured::Checks(32)),
    row("usage counts", &[NO_USAGE], Measured::Checks(32)),
    row(LANES, &[NO_LANES], Measured::Logins(16)),
    row(LANES, &[NO_LANES], Measured::Login),
    row(
        "hashing at low priority",
        &[EQUAL_PRIORITY],
        Measured::ChecksInStorm(64),
    ),
];
const TOKENS: &str = "token cache";
const USERS: &str = "user cache";
const LANES: &str = "a thread checks several passwords in parallel";

const fn row(what: &'static str, off: &'static [Setting], measured: Measured) -> Row {
    Row {
        what,
        off,
        measured,
    }
}

/// Measures all rows. A row that fails is reported, and the others still run.
pub(crate) fn measure(program: &Path, effort: Effort, report: &mut Report) -> Result<()> {
    let bench = Bench {
        program,
        each: effort.each,
        unseen: Unseen::issue(program, effort.cold)?,
    };
    for row in ROWS {
        match compare(&bench, row, effort.rounds) {
            Ok(comparison) => report.compare(comparison),
            Err(error) => report.failed(row.what, &error.context(row.measured)),
        }
    }
    Ok(())
}

fn compare(bench: &Bench<'_>, row: &Row, rounds: usize) -> Result<Comparison> {
    let Row {
        what,
        off,
        measured,
    } = row;
    let contestants = [
        Contestant::new("on", measured.with(&[], bench)?),
        Contestant::new("off", measured.with(off, bench)?),
    ];
    let unit = measured.unit();
    let series = run(&format!("{what}, {measured}"), unit, rounds, &contestants)?;
    let settings: Vec<_> = off.iter().copied().map(written).collect();
    Ok(Comparison {
        what,
        off: settings,
        measured: measured.to_string(),
        unit,
        series,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_rows_measure_the_same() {
        let shown = |row: &Row| format!("{} {} {:?}", row.what, row.measured, row.off);
        let mut all: Vec<_> = ROWS.iter().map(shown).collect();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), ROWS.len());
    }

    #[test]
    fn every_setting_is_one_of_the_gateway() {
        let reference = include_str!("../../../docs/configuration.md");
        for (name, _) in ROWS.iter().flat_map(|row| row.off) {
            assert!(reference.contains(&format!("`{name}`")), "{name}");
        }
    }
}
