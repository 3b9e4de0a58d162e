//! What a test finds on its machine: the programs of PostgreSQL, an account to run them as, a free port.

use std::fs;
use std::io::{Error, Result};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{self, Command};
use std::sync::atomic::{AtomicU16, Ordering};

/// The account that PostgreSQL runs as in place of root, as which it refuses to run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    pub(super) user: u32,
    pub(super) group: u32,
}

/// Where the programs are that `make test` installs: few systems have them in the PATH.
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

/// A port below those that outgoing connections are given: a client that keeps trying a stopped server's
/// port from such a port would one day connect to itself.
pub(super) fn free_port() -> Result<u16> {
    const FIRST: u16 = 12_000;
    const PORTS: u16 = 8_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(process::id() * 97 % u32::from(PORTS)).unwrap_or_default();
    (0..PORTS)
        .map(|_| FIRST + start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % PORTS)
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .ok_or_else(|| Error::other("no free port for postgres"))
}
