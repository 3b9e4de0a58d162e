//! What a command says: results on the standard output, troubles on the standard error.

use std::fmt::Display;
use std::fs::File;
use std::io::{IsTerminal as _, Write as _, stderr, stdout};
use std::os::fd::AsFd as _;
use std::os::unix::fs::PermissionsExt as _;

use anyhow::{Context as _, Result};
use serde::Serialize;

/// A result for people, or text for a file.
pub(super) fn text(text: impl Display) -> Result<()> {
    writeln!(stdout(), "{text}").context("cannot write to the standard output")
}

/// A result for programs.
pub(super) fn json(value: &impl Serialize) -> Result<()> {
    text(serde_json::to_string_pretty(value)?)
}

/// Why a command did not do what it was asked. There is nobody to tell if this fails too.
pub(super) fn error(reason: impl Display) {
    let _ = writeln!(stderr(), "isogloss: {reason}");
}

/// What was done, but may not be what was meant.
pub(super) fn warning(text: impl Display) {
    let _ = writeln!(stderr(), "isogloss: warning: {text}");
}

/// Says so if what is printed, which holds secrets, goes to a file that others may read.
pub(super) fn warn_of_readers() {
    let file = stdout().as_fd().try_clone_to_owned().map(File::from);
    let found = file.and_then(|file| file.metadata());
    if found.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o077 != 0) {
        warning(
            "there are secrets in it, and others may read the file that this goes to: chmod 600",
        );
    }
}

/// Progress on one line that is written over, for whoever watches.
pub(super) fn progress(line: impl Display, last: bool) {
    if stderr().is_terminal() {
        let end = if last { "\n" } else { "" };
        let _ = write!(stderr(), "\r{line}{end}");
    }
}

/// Rows under a heading, each column as wide as its widest cell.
pub(super) fn table(heading: &[&str], rows: &[Vec<String>]) -> Result<()> {
    let heading: Vec<String> = heading.iter().map(|cell| (*cell).to_owned()).collect();
    let width = |column: usize| {
        std::iter::once(&heading)
            .chain(rows)
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    for row in std::iter::once(&heading).chain(rows) {
        let cells = row.iter().enumerate();
        let line: Vec<String> = cells
            .map(|(column, cell)| format!("{cell:width$}", width = width(column)))
            .collect();
        text(line.join("  ").trim_end())?;
    }
    Ok(())
}
