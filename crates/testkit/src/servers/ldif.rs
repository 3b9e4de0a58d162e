//! Changes of a directory, in LDIF.

use std::ffi::OsStr;
use std::io::{Error, Result, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

/// Makes changes at a server, as this user. Each is an entry to add, unless it says otherwise.
///
/// # Errors
/// If `ldapmodify` is missing or the server refuses a change.
pub(super) fn apply(url: &str, ca_file: &Path, dn: &str, password: &str, ldif: &str) -> Result<()> {
    let mut command = Command::new("ldapmodify");
    // With the control that lets an administrator set what servers set themselves.
    command.args([
        "-x", "-a", "-e", "relax", "-H", url, "-D", dn, "-w", password,
    ]);
    command.env("LDAPTLS_CACERT", ca_file);
    run(command, ldif)
}

/// Runs a program with this input.
///
/// # Errors
/// If the program is missing or fails; the error has what it said.
pub(super) fn run(mut command: Command, input: &str) -> Result<()> {
    let program = command.get_program().to_owned();
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| missing(&program, &error))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ends early says why.
        drop(stdin.write_all(input.as_bytes()));
    }
    let ended = child.wait_with_output()?;
    if ended.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    Err(Error::other(format!("{}: {said}", program.display())))
}

/// Returns the error of a program that cannot be started.
pub(super) fn missing(program: &OsStr, error: &Error) -> Error {
    Error::other(format!(
        "this test needs `{}`, which could not be started ({error}); `make test` installs it",
        program.display()
    ))
}
