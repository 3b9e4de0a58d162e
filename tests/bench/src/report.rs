//! What is written down: a page, the same as JSON, and a plot.

mod chart;
mod plot;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;

pub(crate) use self::chart::Chart;
use crate::rounds::Series;
use crate::targets::Verdict;

/// What was measured so far.
pub(crate) struct Report {
    rounds: usize,
    each: Duration,
    verdicts: Vec<Verdict>,
    tables: Vec<Table>,
    lines: Vec<String>,
    charts: Vec<Chart>,
}

pub(crate) struct Table {
    pub(crate) what: String,
    unit: String,
    pub(crate) rows: Vec<Series>,
}

impl Report {
    /// Of that many rounds of that length.
    pub(crate) fn of(rounds: usize, each: Duration) -> Self {
        Self {
            rounds,
            each,
            verdicts: Vec::new(),
            tables: Vec::new(),
            lines: Vec::new(),
            charts: Vec::new(),
        }
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

    pub(crate) fn line(&mut self, line: &str) {
        self.lines.push(line.to_owned());
    }

    /// Something over time, for the plot.
    pub(crate) fn chart(&mut self, chart: Chart) {
        self.charts.push(chart);
    }

    /// The first row is what the others are compared with.
    pub(crate) fn table(&mut self, what: &str, unit: &str, rows: &[Series]) {
        self.tables.push(Table {
            what: what.to_owned(),
            unit: unit.to_owned(),
            rows: rows.to_vec(),
        });
    }

    /// Writes it all, prints the page, and tells whether every target is met.
    pub(crate) fn write(&self, folder: &Path) -> Result<bool> {
        fs::create_dir_all(folder)?;
        let page = self.page()?;
        fs::write(folder.join("report.md"), &page)?;
        let tables: Vec<_> = self
            .tables
            .iter()
            .map(|table| json!({"what": table.what, "unit": table.unit, "rows": table.rows}))
            .collect();
        let all = json!({"verdicts": self.verdicts, "tables": tables, "lines": self.lines});
        fs::write(
            folder.join("report.json"),
            serde_json::to_string_pretty(&all)?,
        )?;
        plot::draw(&folder.join("report.svg"), &self.tables, &self.charts)?;
        writeln!(std::io::stdout(), "{page}")?;
        Ok(self.verdicts.iter().all(|verdict| verdict.is_met))
    }

    fn page(&self) -> Result<String> {
        let mut page = String::new();
        let Self { rounds, each, .. } = self;
        writeln!(page, "# How fast Isogloss is\n")?;
        writeln!(
            page,
            "{} Medians of {rounds} interleaved rounds of {each:?} each; only the ratios count.\n",
            machine()
        )?;
        writeln!(
            page,
            "| target | is to be | measured | |\n| --- | --- | --- | --- |"
        )?;
        for Verdict {
            what,
            target,
            measured,
            is_met,
        } in &self.verdicts
        {
            let word = if *is_met { "met" } else { "**missed**" };
            writeln!(page, "| {what} | {target} | {measured} | {word} |")?;
        }
        writeln!(page)?;
        for line in &self.lines {
            writeln!(page, "{line}\n")?;
        }
        for Table { what, unit, rows } in &self.tables {
            let Some(first) = rows.first() else { continue };
            writeln!(
                page,
                "## {what}\n\n| | {unit} | beside {} |\n| --- | --- | --- |",
                first.name
            )?;
            for row in rows {
                writeln!(
                    page,
                    "| {} | {:.0} | {:.2} |",
                    row.name,
                    row.median(),
                    row.beside(first)
                )?;
            }
            writeln!(page)?;
        }
        Ok(page)
    }
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("", |model| model.trim_start_matches([' ', '\t', ':']));
    format!("{cores} cores, {model}.")
}
