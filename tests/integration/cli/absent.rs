//! Commands in a folder without a gateway create nothing there and name the missing file.

use std::fs;

use tempfile::TempDir;

use crate::shell::Shell;

const DIRECTORY: &str =
    "check the setting and --config (isogloss serve and isogloss directory import make it)";

#[track_caller]
fn assert_empty(folder: &TempDir, arguments: &[&str]) {
    let found: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().collect();
    assert!(found.is_empty(), "{arguments:?} made {found:?}");
}

#[test]
fn commands_that_read_or_change_users_make_no_directory_and_name_the_file() {
    let folder = TempDir::new().unwrap();
    let shell = Shell::bare(folder.path());
    let file = folder
        .path()
        .canonicalize()
        .unwrap()
        .join("data/directory.db");
    let expected = format!(
        "directory.url: no such file: {}; {DIRECTORY}",
        file.display()
    );
    for arguments in [
        &["user", "list"][..],
        &["user", "show", "ada"],
        &[
            "user",
            "add",
            "ada",
            "--organisation",
            "ACME",
            "--password-stdin",
        ],
        &["user", "set-password", "ada", "--password-stdin"],
        &["user", "disable", "ada"],
        &["user", "enable", "ada"],
        &["user", "edit", "ada", "--first-name", "Ada"],
        &["user", "delete", "ada", "--yes"],
        &["organisation", "list"],
        &["organisation", "add", "ACME"],
        &["organisation", "unit", "put", "ACME", "B1"],
        &["user", "totp", "disable", "ada"],
        &["user", "app-password", "list", "ada"],
        &["directory", "export"],
        &["directory", "digest-keys", "list"],
        &["key", "list"],
        &["sunset", "report"],
    ] {
        let said = shell.run_with(arguments, "secret\n").refused();
        assert_eq!(said, expected, "{arguments:?}");
        assert_empty(&folder, arguments);
    }
}

#[test]
fn no_command_beside_a_gateway_makes_its_files() {
    let folder = TempDir::new().unwrap();
    let shell = Shell::bare(folder.path());
    for arguments in [
        &["doctor"][..],
        &["config", "check"],
        &["health"],
        &["audit", "list"],
        &["session", "list"],
        &["throttle", "list"],
        &["directory", "migrate", "--dry-run"],
    ] {
        shell.run(arguments);
        assert_empty(&folder, arguments);
    }
    let redis = Shell::bare(folder.path()).with("ISOGLOSS__TOKENS__STORE", "redis://127.0.0.1:1");
    let pepper = folder.path().canonicalize().unwrap().join("data/pepper");
    let said = redis.run(&["session", "list"]).refused();
    let expected = format!(
        "tokens.pepper_file: no such file: {}; check the setting and --config (isogloss serve makes it at \
         its first start)",
        pepper.display()
    );
    assert_eq!(said, expected);
    assert_empty(&folder, &["session", "list"]);
}

#[test]
fn a_change_is_recorded_in_a_folder_that_is_there_and_none_is_made() {
    let folder = TempDir::new().unwrap();
    Shell::alone(folder.path()).import_demo().done();
    let shell = Shell::alone(folder.path()).with("ISOGLOSS__AUDIT__TO", "file:log/audit.jsonl");
    let said = shell.run(&["user", "disable", "sample"]);
    assert_eq!(said.exit, Some(0));
    assert!(
        said.err.contains("the audit log could not be written"),
        "{said:?}"
    );
    assert!(!folder.path().join("log").exists());
    fs::create_dir(folder.path().join("log")).unwrap();
    shell.run(&["user", "disable", "sample"]).done();
    let lines = fs::read_to_string(folder.path().join("log/audit.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 1, "{lines}");
}
