//! Which roles may change the tables of the directory, and what works for those that may not.

mod migrate;
mod roles;
mod standby;

use std::path::Path;
use std::process::Command;

/// Exit code and output of a command on a directory.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    exit: Option<i32>,
    out: String,
    err: String,
}

fn run(folder: &Path, directory: &str, arguments: &[&str]) -> Said {
    let output = Command::new(crate::PROGRAM)
        .current_dir(folder)
        .args(arguments)
        .env("ISOGLOSS__DIRECTORY__URL", directory)
        .output()
        .unwrap();
    Said {
        exit: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn done(out: &str) -> Said {
    Said {
        exit: Some(0),
        out: out.to_owned(),
        err: String::new(),
    }
}
