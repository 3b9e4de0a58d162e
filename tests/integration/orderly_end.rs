//! An orderly shutdown closes every store.
//!
//! The file of a SQLite directory is then complete by itself, and that of an embedded token store needs no repair.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use isogloss_testkit::dialects::dialect;
use isogloss_testkit::{Gateway, Redis, Store};
use tempfile::TempDir;

use crate::shell::Shell;

const ENDS: usize = 50;

/// Returns the size of the directory's write-ahead log.
fn left(folder: &Path) -> u64 {
    let log = folder.join("directory.db-wal");
    log.metadata().map_or(0, |found| found.len())
}

/// Returns whether redb would repair the embedded token store when it opens it: the second bit of the byte after
/// the nine bytes of its magic number (redb, `docs/design.md`, "Database header").
fn needs_repair(folder: &Path) -> bool {
    let header = fs::read(folder.join("tokens.redb")).unwrap();
    assert_eq!(&header[..4], b"redb");
    header[9] & 2 != 0
}

/// Returns the number of users in a copy of the database file alone, without the files next to it.
fn users_of_a_copy(folder: &Path) -> usize {
    let copy = TempDir::new().unwrap();
    fs::copy(
        folder.join("directory.db"),
        copy.path().join("directory.db"),
    )
    .unwrap();
    let users = Shell::alone(copy.path()).run(&["user", "list", "--json"]);
    users.json().as_array().unwrap().len()
}

/// Stops the gateway at a time that depends on `turn`: as soon as it listens, while it starts, when it is ready,
/// or under load.
fn end(gateway: &mut Gateway, turn: usize) {
    let public = gateway.public();
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        match turn % 5 {
            0 => {}
            1 => thread::yield_now(),
            2 => gateway.wait_until_ready().unwrap(),
            _ => {
                gateway.wait_until_ready().unwrap();
                for _ in 0..2 {
                    scope.spawn(|| {
                        while !ended.load(Ordering::Relaxed) {
                            // Fails once the gateway accepts no more connections.
                            drop(dialect("bimplus").login(public, "sample", "sample-demo"));
                        }
                    });
                }
                drop(dialect("crmcom").login(public, "sample", "sample-demo"));
            }
        }
        let status = gateway.terminate();
        ended.store(true, Ordering::Relaxed);
        assert!(status.unwrap().success(), "{:#?}", gateway.log());
    });
}

#[test]
fn fifty_ends_of_serve_leave_no_file_unfinished() {
    // Two folders are used concurrently, for half of the stops each.
    thread::scope(|scope| {
        for first in 0..2 {
            scope.spawn(move || ends(first));
        }
    });
}

fn ends(first: usize) {
    let folder = TempDir::new().unwrap();
    let start = |turn: usize| {
        let builder = Gateway::builder(crate::PROGRAM).folder(folder.path());
        let builder = builder.store(Store::Embedded);
        let near = if turn.is_multiple_of(3) { "0" } else { "10000" };
        builder
            .env("ISOGLOSS__AUDIT__DATABASE", "true")
            .env("ISOGLOSS__DIRECTORY__NEAR_CACHE", near)
            .start()
            .unwrap()
    };
    let mut gateway = start(0);
    gateway.wait_until_ready().unwrap();
    assert!(needs_repair(folder.path()), "it is open");
    gateway.terminate().unwrap();
    let users = users_of_a_copy(folder.path());
    assert!(users > 5, "{users}");
    for turn in (first..ENDS).step_by(2) {
        end(&mut start(turn), turn);
        assert_eq!(left(folder.path()), 0, "end {turn}");
        assert!(!needs_repair(folder.path()), "end {turn}");
    }
    assert_eq!(users_of_a_copy(folder.path()), users);
    // A gateway that is killed proves that this bit is the right one.
    let mut gateway = start(0);
    gateway.wait_until_ready().unwrap();
    let login = dialect("bimplus").login(gateway.public(), "sample", "sample-demo");
    assert_eq!(login.unwrap().0.status, 200);
    gateway.kill().unwrap();
    assert!(needs_repair(folder.path()));
}

#[test]
fn a_start_that_fails_leaves_nothing_beside_the_directory() {
    let folder = TempDir::new().unwrap();
    let bad = folder.path().join("bad.toml");
    fs::write(
        &bad,
        "[[users]]\nuser_name = \"ada\"\norganisation = \"NONE\"\npassword = \"x\"\n",
    )
    .unwrap();
    let shell = Shell::alone(folder.path());
    shell.import_demo().done();
    let command = Gateway::builder(crate::PROGRAM)
        .env("ISOGLOSS__DIRECTORY__IMPORT", bad.display().to_string())
        .command(folder.path());
    let output = command.unwrap().output().unwrap();
    assert!(!output.status.success());
    assert_eq!(left(folder.path()), 0);
}

#[test]
fn no_command_leaves_anything_beside_the_directory() {
    let folder = TempDir::new().unwrap();
    let shell = Shell::alone(folder.path());
    shell.import_demo().done();
    assert_eq!(left(folder.path()), 0, "directory import");
    let shell = shell.with("ISOGLOSS__AUDIT__DATABASE", "true");
    let key = ["key", "add", "--realm", "admin", "--label", "desk"];
    let commands: [&[&str]; 32] = [
        &[
            "user",
            "add",
            "ada",
            "--organisation",
            "CRMDEMO",
            "--password-stdin",
        ],
        &[
            "user",
            "add",
            "bob",
            "--organisation",
            "nowhere",
            "--password-stdin",
        ],
        &["user", "list", "--search", "ada"],
        &["user", "edit", "ada", "--first-name", "Ada"],
        &["user", "edit", "ada", "--email", "test@bimplus.net"],
        &["organisation", "add", "ACME", "--unit", "B1"],
        &["organisation", "edit", "ACME", "--default-unit", "B1"],
        &["organisation", "unit", "put", "ACME", "B2"],
        &["organisation", "unit", "delete", "ACME", "B2"],
        &["organisation", "list"],
        &["organisation", "show", "ACME"],
        &["organisation", "delete", "ACME"],
        &["user", "show", "ada"],
        &["user", "show", "nobody"],
        &["user", "set-password", "ada", "--password-stdin"],
        &["user", "disable", "ada"],
        &["user", "enable", "ada"],
        &["user", "totp", "status", "ada"],
        &["user", "totp", "disable", "guarded"],
        &[
            "user",
            "app-password",
            "add",
            "ada",
            "--dialect",
            "memsource",
            "--label",
            "phone",
        ],
        &["user", "app-password", "list", "ada"],
        &key,
        &["key", "list"],
        &["key", "revoke", "desk"],
        &["key", "revoke", "nothing"],
        &["audit", "list"],
        &["sunset", "report"],
        &["directory", "export"],
        &["directory", "import", "no-such-file.toml"],
        &["directory", "digest-keys", "list"],
        &["directory", "migrate"],
        &["doctor"],
    ];
    for command in commands {
        let said = shell.run_with(command, "correct-horse-battery\n");
        assert_ne!(said.exit, Some(2), "{command:?}: {said:?}");
        assert_eq!(left(folder.path()), 0, "{command:?}");
    }
    let redis = Redis::start().unwrap();
    let shell = shell.with("ISOGLOSS__TOKENS__STORE", &redis.url());
    let backup = folder.path().join("backup").display().to_string();
    let commands: [&[&str]; 8] = [
        &["session", "list"],
        &["session", "revoke", "--all"],
        &["throttle", "list"],
        &["throttle", "clear", "--all"],
        &["user", "logout", "ada"],
        &["user", "delete", "ada", "--yes"],
        &["backup", &backup],
        &["restore", &backup, "--replace"],
    ];
    for command in commands {
        let said = shell.run(command);
        assert_ne!(said.exit, Some(2), "{command:?}: {said:?}");
        assert_eq!(left(folder.path()), 0, "{command:?}");
    }
}
