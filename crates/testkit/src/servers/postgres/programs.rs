//! What a test finds on its machine: the programs of PostgreSQL, and an account to run them as.

use std::fs;
use std::io::{Error, Result};
use std::path::PathBuf;
use std::process::Command;

/// The account that PostgreSQL runs as in place of root, as which it refuses to run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    pub(super) user: u32,
    pub(super) group: u32,
}

/// Returns the folder of the programs that `make test` installs, which few systems have in the PATH. Fails if
/// there is none.
pub(super) fn programs() -> Result<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default();
    for (parent, below) in [
        ("/usr/lib/postgresql", "bin"),
        ("/opt/homebrew/opt", "bin"),
        ("/usr/local/opt", "bin"),
    ] {
        let mut versions: Vec<_> = fs::read_dir(parent)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path().join(below))
            .collect();
        versions.sort();
        folders.extend(versions.into_iter().rev());
    }
    let found = folders.into_iter().find(|folder| {
        ["initdb", "postgres", "psql"].map(|name| folder.join(name).exists()) == [true; 3]
    });
    found.ok_or_else(|| {
        Error::other("this test needs PostgreSQL, which is not installed; `make test` installs it")
    })
}

pub(super) fn account() -> Result<Option<Account>> {
    if id(&["-u"])? != 0 {
        return Ok(None);
    }
    Ok(Some(Account {
        user: id(&["-u", "postgres"])?,
        group: id(&["-g", "postgres"])?,
    }))
}

fn id(arguments: &[&str]) -> Result<u32> {
    let output = Command::new("id").args(arguments).output()?;
    let number = String::from_utf8_lossy(&output.stdout);
    let number = number.trim().parse();
    number.map_err(|_| Error::other(format!("no answer from id {}", arguments.join(" "))))
}
