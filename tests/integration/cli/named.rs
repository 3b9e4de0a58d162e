//! Error messages name every file that cannot be opened, with the setting that contains it.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::shell::Shell;

/// Creates a folder in place of a file, and a file in place of a folder: tests may run as root, whom permissions
/// do not stop.
fn place() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("folder")).unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    folder
}

/// Checks that the error contains all `parts`. `{here}` is the folder, since paths are shown as they are opened.
#[track_caller]
fn assert_named(folder: &Path, set: &[(&str, &str)], arguments: &[&str], parts: &[&str]) {
    let mut shell = Shell::bare(folder);
    for (key, value) in set {
        shell = shell.with(key, value);
    }
    let said = shell.run(arguments);
    assert!(matches!(said.exit, Some(1 | 2)), "{set:?}: {said:?}");
    for part in parts {
        let part = part.replace("{here}", &folder.display().to_string());
        assert!(said.err.contains(&part), "{part} is not in {said:?}");
    }
}

#[test]
fn every_file_of_the_configuration_that_cannot_be_read_is_named() {
    let folder = place();
    let check = &["config", "check"];
    for (key, setting) in [
        ("ISOGLOSS__TOKENS__STORE_FILE", "tokens.store_file"),
        ("ISOGLOSS__TOKENS__PEPPER_FILE", "tokens.pepper_file"),
        (
            "ISOGLOSS__TOKENS__PREVIOUS_PEPPER_FILE",
            "tokens.previous_pepper_file",
        ),
        ("ISOGLOSS__TOKENS__REDIS_CA_FILE", "tokens.redis_ca_file"),
        ("ISOGLOSS__DIRECTORY__URL_FILE", "directory.url_file"),
        ("ISOGLOSS__JWT__SECRET_FILE", "jwt.secret_file"),
        (
            "ISOGLOSS__JWT__PREVIOUS_SECRET_FILE",
            "jwt.previous_secret_file",
        ),
        ("ISOGLOSS__JWT__NEXT_SECRET_FILE", "jwt.next_secret_file"),
        ("ISOGLOSS__MAIL__TRANSPORT_FILE", "mail.transport_file"),
    ] {
        let parts = [setting, ": {here}/folder: Is a directory"];
        assert_named(folder.path(), &[(key, "folder")], check, &parts);
    }
    for key in [
        "ISOGLOSS__TOKENS__PEPPER_FILE",
        "ISOGLOSS__JWT__SECRET_FILE",
    ] {
        let parts = ["_file: {here}/file/secret: Not a directory"];
        assert_named(folder.path(), &[(key, "file/secret")], check, &parts);
    }
    let config = &["config", "check", "--config", "folder"];
    assert_named(
        folder.path(),
        &[],
        config,
        &["isogloss: folder: Is a directory"],
    );
}

#[test]
fn every_database_and_folder_that_cannot_be_opened_is_named() {
    let folder = place();
    let serve = &["serve"];
    let bind = [
        ("ISOGLOSS__SERVER__BIND", "127.0.0.1:0"),
        ("ISOGLOSS__MANAGEMENT__BIND", "127.0.0.1:0"),
    ];
    for (key, value, parts) in [
        (
            "ISOGLOSS__DIRECTORY__URL",
            "sqlite:folder",
            ["directory.url: {here}/folder", "Is a directory"],
        ),
        (
            "ISOGLOSS__DIRECTORY__URL",
            "sqlite:file/directory.db",
            [
                "directory.url: {here}/file/directory.db",
                "cannot make the folder {here}/file: ",
            ],
        ),
        (
            "ISOGLOSS__TOKENS__STORE",
            "embedded:folder",
            ["tokens.store: {here}/folder", "Is a directory"],
        ),
        (
            "ISOGLOSS__TOKENS__STORE",
            "embedded:file/tokens.redb",
            [
                "tokens.store: {here}/file/tokens.redb",
                "cannot make the folder {here}/file: ",
            ],
        ),
        (
            "ISOGLOSS__DIRECTORY__IMPORT",
            "folder",
            [
                "directory.import: cannot read {here}/folder",
                "Is a directory",
            ],
        ),
        (
            "ISOGLOSS__MAIL__TRANSPORT",
            "folder:file/letters",
            [
                "mail.transport: cannot make {here}/file/letters",
                "Not a directory",
            ],
        ),
    ] {
        let mut set = bind.to_vec();
        set.push((key, value));
        set.push(("ISOGLOSS__MAIL__FROM", "login@example.com"));
        assert_named(folder.path(), &set, serve, &parts);
    }
    let import = &["directory", "import", "folder"];
    assert_named(folder.path(), &[], import, &["folder: Is a directory"]);
    let list = &["user", "list"];
    let set = [("ISOGLOSS__DIRECTORY__URL", "sqlite:folder")];
    assert_named(
        folder.path(),
        &set,
        list,
        &["directory.url: {here}/folder", "Is a directory"],
    );
}
