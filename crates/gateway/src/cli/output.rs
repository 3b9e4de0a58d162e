//! Output of commands: results on the standard output, errors on the standard error. All text passes
//! here, and is made printable here: names come from clients and files.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal as _, Write as _, stderr, stdout};
use std::os::fd::AsFd as _;
use std::os::unix::fs::PermissionsExt as _;

use anyhow::{Context as _, Result};
use isogloss_core::{printable, printable_json, printable_lines};
use serde::Serialize;
use serde_json::Value;

/// Prints one line for people. Control characters are escaped, so that names in it can neither begin another
/// line nor move the cursor. Fails if the standard output cannot be written.
pub(super) fn text(text: impl Display) -> Result<()> {
    write(&printable(&text.to_string()))
}

/// Prints several lines for people, with other control characters escaped. Fails if the standard output cannot
/// be written.
pub(super) fn lines(text: impl Display) -> Result<()> {
    write(&printable_lines(&text.to_string()))
}

/// Prints an object for people, as TOML. Fails if the standard output cannot be written.
pub(super) fn as_toml(value: &Value) -> Result<()> {
    let text = toml::to_string(&printable_texts(value))?;
    lines(text.trim_end())
}

/// Returns the value with all control characters in its texts escaped: TOML would spread a text with line feeds
/// over several lines.
fn printable_texts(value: &Value) -> Value {
    match value {
        Value::String(text) => printable(text).into(),
        Value::Array(values) => values.iter().map(printable_texts).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), printable_texts(value)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// Prints the text of a file, unchanged unless it goes to a terminal. Fails if the standard output cannot be
/// written.
pub(super) fn file(text: &str) -> Result<()> {
    if stdout().is_terminal() {
        return lines(text);
    }
    write(text)
}

/// Prints a result as JSON, for programs. Fails if the standard output cannot be written.
pub(super) fn json(value: &impl Serialize) -> Result<()> {
    write(&printable_json(&serde_json::to_string_pretty(value)?))
}

/// Prints the reason of a failed command to the standard error. Further lines of the reason are indented, so
/// that none looks like another message. A failure to print cannot be reported, so it is ignored.
pub(super) fn error(reason: impl Display) {
    let reason = reason.to_string();
    let lines: Vec<_> = reason.split('\n').map(printable).collect();
    let reason = lines.join("\n  ");
    let _ = writeln!(stderr(), "isogloss: {reason}");
}

/// Prints a warning to the standard error: the command succeeded, but the result may not be as intended.
pub(super) fn warning(text: impl Display) {
    let _ = writeln!(
        stderr(),
        "isogloss: warning: {}",
        printable(&text.to_string())
    );
}

/// Prints a warning if the standard output, which gets secrets, is a file that other users can read.
pub(super) fn warn_of_readers() {
    let file = stdout().as_fd().try_clone_to_owned().map(File::from);
    let found = file.and_then(|file| file.metadata());
    if found.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o077 != 0) {
        warning(
            "the output contains secrets, and other users can read the file that it goes to: run chmod 600 on it",
        );
    }
}

/// Prints progress on one line, which the next call overwrites unless `last` is set. Prints nothing if the
/// standard error is not a terminal.
pub(super) fn progress(line: impl Display, last: bool) {
    if stderr().is_terminal() {
        let end = if last { "\n" } else { "" };
        let _ = write!(stderr(), "\r{}{end}", printable(&line.to_string()));
    }
}

/// Prints a text and a line feed. Fails if the standard output cannot be written.
fn write(text: &str) -> Result<()> {
    check_written(writeln!(stdout(), "{text}"))
}

/// Prints bytes for programs, unchanged. Fails if the standard output cannot be written.
pub(super) fn raw(bytes: &[u8]) -> Result<()> {
    let mut out = stdout();
    check_written(out.write_all(bytes).and_then(|()| out.flush()))
}

/// Converts the result of a write to the standard output. Fails with [`StdoutClosed`] if the reader has closed the
/// output, and with the error of the write if it failed for another reason.
fn check_written(outcome: io::Result<()>) -> Result<()> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(StdoutClosed.into()),
        outcome => outcome.context("cannot write to the standard output"),
    }
}

/// Error of a standard output that its reader, such as `head`, has closed.
#[derive(Debug, thiserror::Error)]
#[error("the standard output is closed")]
pub(super) struct StdoutClosed;

impl StdoutClosed {
    /// Exit code that a shell reports for a program that SIGPIPE has ended. The signal itself stays ignored: it would
    /// also come from a connection to a server that was closed.
    pub(super) const EXIT_CODE: u8 = 128 + 13;
}

/// Prints rows under a heading, each column as wide as its widest cell. Fails if the standard output cannot be
/// written.
pub(super) fn table(heading: &[&str], rows: &[Vec<String>]) -> Result<()> {
    let heading: Vec<String> = heading.iter().map(|cell| (*cell).to_owned()).collect();
    let printable_row = |row: &Vec<String>| -> Vec<String> {
        row.iter()
            .map(|cell| printable(cell).into_owned())
            .collect()
    };
    let rows: Vec<_> = rows.iter().map(printable_row).collect();
    let width = |column: usize| {
        std::iter::once(&heading)
            .chain(&rows)
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    for row in std::iter::once(&heading).chain(&rows) {
        let cells = row.iter().enumerate();
        let line: Vec<String> = cells
            .map(|(column, cell)| format!("{cell:width$}", width = width(column)))
            .collect();
        text(line.join("  ").trim_end())?;
    }
    Ok(())
}
