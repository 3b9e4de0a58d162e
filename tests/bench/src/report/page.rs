//! The report as a page in Markdown.

use std::fmt::Write as _;
use std::fs;

use anyhow::Result;

use super::{Failure, Report, Table, comparison};
use crate::parts::spoken;
use crate::targets::Verdict;

/// Returns the page: first the targets, then single lines, then the tables.
pub(super) fn of(report: &Report) -> Result<String> {
    let mut page = String::new();
    let Report { rounds, each, .. } = report;
    writeln!(page, "# How fast Isogloss is\n")?;
    writeln!(
        page,
        "{} Medians of {rounds} interleaved rounds of {each:?} each; only the ratios count.\n",
        machine()
    )?;
    writeln!(page, "The run took {}.\n", spoken(report.took()))?;
    for Failure { part, error } in &report.failures {
        writeln!(page, "**Not measured:** {part}: {error}\n")?;
    }
    verdicts(&mut page, &report.verdicts)?;
    for line in &report.lines {
        writeln!(page, "{line}\n")?;
    }
    comparison::write(&mut page, &report.comparisons)?;
    for one in &report.tables {
        table(&mut page, one)?;
    }
    Ok(page)
}

fn verdicts(page: &mut String, verdicts: &[Verdict]) -> Result<()> {
    writeln!(
        page,
        "| measurement | target | result | |\n| --- | --- | --- | --- |"
    )?;
    for Verdict {
        what,
        target,
        measured,
        is_met,
    } in verdicts
    {
        let word = if *is_met { "met" } else { "**missed**" };
        writeln!(page, "| {what} | {target} | {measured} | {word} |")?;
    }
    Ok(writeln!(page)?)
}

fn table(page: &mut String, Table { what, unit, rows }: &Table) -> Result<()> {
    let Some(first) = rows.first() else {
        return Ok(());
    };
    writeln!(
        page,
        "## {what}\n\n| | {unit} | relative to {} |\n| --- | --- | --- |",
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
    Ok(writeln!(page)?)
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
