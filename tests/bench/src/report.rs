//! The report: a page in Markdown, the same as JSON, and a plot.

mod chart;
mod comparison;
mod page;
mod plot;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;

pub(crate) use self::chart::Chart;
pub(crate) use self::comparison::Comparison;
use crate::rounds::Series;
use crate::targets::Verdict;

/// File name of the page.
pub(crate) const PAGE: &str = "report.md";

/// Results so far.
pub(crate) struct Report {
    begun: Instant,
    rounds: usize,
    each: Duration,
    verdicts: Vec<Verdict>,
    tables: Vec<Table>,
    lines: Vec<String>,
    charts: Vec<Chart>,
    comparisons: Vec<Comparison>,
    failures: Vec<Failure>,
}

/// Outcome of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Every target is met.
    Met,
    /// At least one target is missed.
    Missed,
    /// At least one part could not be measured.
    Failed,
}

/// A part that could not be measured, and why.
#[derive(Debug, Clone, serde::Serialize)]
struct Failure {
    part: &'static str,
    error: String,
}

pub(crate) struct Table {
    pub(crate) what: String,
    unit: String,
    pub(crate) rows: Vec<Series>,
}

impl Report {
    /// Starts a report of that many rounds of that length.
    pub(crate) fn of(rounds: usize, each: Duration) -> Self {
        Self {
            begun: Instant::now(),
            rounds,
            each,
            verdicts: Vec::new(),
            tables: Vec::new(),
            lines: Vec::new(),
            charts: Vec::new(),
            comparisons: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// Returns the time since the start.
    pub(crate) fn took(&self) -> Duration {
        self.begun.elapsed()
    }

    pub(crate) fn judge(&mut self, verdict: Verdict) {
        let Verdict {
            what,
            target,
            measured,
            is_met,
        } = &verdict;
        let word = if *is_met { "met" } else { "MISSED" };
        eprintln!("{word}: {what}: {measured} (target {target})");
        self.verdicts.push(verdict);
    }

    /// Records that a part, or some of it, could not be measured.
    pub(crate) fn failed(&mut self, part: &'static str, error: &anyhow::Error) {
        let error = format!("{error:#}");
        eprintln!("FAILED: {part}: {error}");
        self.failures.push(Failure { part, error });
    }

    pub(crate) fn line(&mut self, line: &str) {
        self.lines.push(line.to_owned());
    }

    /// Adds a chart of values over time to the plot.
    pub(crate) fn chart(&mut self, chart: Chart) {
        self.charts.push(chart);
    }

    pub(crate) fn compare(&mut self, comparison: Comparison) {
        self.comparisons.push(comparison);
    }

    /// Adds a table. All rows are compared with the first.
    pub(crate) fn table(&mut self, what: &str, unit: &str, rows: &[Series]) {
        self.tables.push(Table {
            what: what.to_owned(),
            unit: unit.to_owned(),
            rows: rows.to_vec(),
        });
    }

    /// Writes all files, and returns the outcome.
    pub(crate) fn write(&self, folder: &Path) -> Result<Outcome> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join(PAGE), page::of(self)?)?;
        let tables: Vec<_> = self
            .tables
            .iter()
            .map(|table| json!({"what": table.what, "unit": table.unit, "rows": table.rows}))
            .collect();
        let all = json!({
            "took_seconds": self.took().as_secs(),
            "failures": self.failures,
            "verdicts": self.verdicts,
            "settings": self.comparisons,
            "tables": tables,
            "lines": self.lines,
        });
        fs::write(
            folder.join("report.json"),
            serde_json::to_string_pretty(&all)?,
        )?;
        plot::draw(&folder.join("report.svg"), &self.tables, &self.charts)?;
        Ok(self.outcome())
    }

    fn outcome(&self) -> Outcome {
        if !self.failures.is_empty() {
            return Outcome::Failed;
        }
        if self.verdicts.iter().all(|verdict| verdict.is_met) {
            return Outcome::Met;
        }
        Outcome::Missed
    }
}
