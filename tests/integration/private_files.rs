//! With any umask, files of the gateway and its commands are accessible only to their owner.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::{Builder, Gateway, Request, Store};
use serde_json::json;
use tempfile::TempDir;

use crate::PROGRAM;

const PATIENCE: Duration = Duration::from_secs(30);

/// Writes a script that runs the program with umask 000. The umask of this process is shared with other tests.
fn unmasked(folder: &TempDir) -> PathBuf {
    let file = folder.path().join("test-unmasked");
    let script = format!("#!/bin/sh\numask 000\nexec '{PROGRAM}' \"$@\"\n");
    fs::write(&file, script).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o700)).unwrap();
    file
}

/// Enables everything that the gateway writes.
fn builder(folder: &TempDir) -> Builder {
    Gateway::builder(unmasked(folder))
        .store(Store::Embedded)
        .folder(folder.path())
        .env("ISOGLOSS__AUDIT__TO", "file:log/audit.jsonl")
        .env("ISOGLOSS__LOGGING__ACCESS_TO", "file:access/access.jsonl")
        .env("ISOGLOSS__JWT__ENABLED", "true")
        .env("ISOGLOSS__JWT__ISSUER", "https://login.example.com")
        .env("ISOGLOSS__JWT__AUDIENCE", "services")
        .env("ISOGLOSS__JWT__SECRET_FILE", "keys/jwt-secret")
        .env("ISOGLOSS__MAIL__TRANSPORT", "folder:letters/sent")
}

/// Returns all files and folders below this one, except for the configuration that the tests write.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(below(&path));
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("test-") {
            found.push(path);
        }
    }
    found
}

#[track_caller]
fn assert_private(folder: &TempDir, expected: &[&str]) {
    let found = below(folder.path());
    for name in expected {
        let path = folder.path().join(name);
        assert!(found.contains(&path), "no {name} in {found:?}");
    }
    for path in found {
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
    }
}

#[test]
fn files_of_the_gateway_are_for_its_owner_whatever_the_umask() {
    let folder = TempDir::new().unwrap();
    let gateway = builder(&folder).start().unwrap();
    gateway.wait_until_ready().unwrap();
    let ask = Request::post("/api/v1/Authentication/RequestPasswordReset?APIKey=demo-api-key")
        .json(&json!({"LoginName": "sample"}));
    assert_eq!(ask.send(gateway.public()).unwrap().status, 200);
    let letters = folder.path().join("letters/sent");
    let deadline = Instant::now() + PATIENCE;
    while fs::read_dir(&letters).unwrap().count() == 0 {
        assert!(Instant::now() < deadline, "no e-mail arrived");
        thread::sleep(Duration::from_millis(20));
    }
    let files = [
        "directory.db",
        "directory.db-wal",
        "directory.db-shm",
        "tokens.redb",
        "pepper",
        "keys/jwt-secret",
        "log/audit.jsonl",
        "letters/sent",
    ];
    assert_private(&folder, &files);
}

#[test]
fn files_of_commands_are_for_their_owner_whatever_the_umask() {
    let folder = TempDir::new().unwrap();
    let served = builder(&folder).command(folder.path()).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(served.get_program());
        command.current_dir(folder.path()).args(arguments);
        command.args(served.get_args().skip(1));
        command.envs(
            served
                .get_envs()
                .filter_map(|(key, value)| Some((key, value?))),
        );
        let output = command.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
    };
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/demo-directory.toml");
    run(&["directory", "import", demo]);
    run(&["directory", "export", "--output", "out/directory.toml"]);
    run(&["key", "add", "--realm", "admin", "--label", "desk"]);
    run(&["user", "totp", "enrol", "sample", "--unconfirmed"]);
    run(&["user", "disable", "sample"]);
    run(&["audit", "list"]);
    assert_private(
        &folder,
        &["directory.db", "out/directory.toml", "log/audit.jsonl"],
    );
}

#[test]
fn a_folder_for_letters_that_others_may_open_is_warned_of() {
    let folder = TempDir::new().unwrap();
    let letters = folder.path().join("letters");
    fs::create_dir(&letters).unwrap();
    fs::set_permissions(&letters, fs::Permissions::from_mode(0o755)).unwrap();
    let own = builder(&folder).env("ISOGLOSS__MAIL__TRANSPORT", "folder:letters");
    let gateway = own.start().unwrap();
    assert!(gateway.logs("other users can open the folder of mail.transport"));
}
