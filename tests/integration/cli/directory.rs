//! `isogloss directory`: import, export, and import again.

mod refusals;

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use isogloss_testkit::dialects::dialects;
use isogloss_testkit::{Gateway, Request};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::shell::{Shell, demo};

fn place() -> (TempDir, Shell) {
    let folder = TempDir::new().unwrap();
    let shell = Shell::alone(folder.path());
    (folder, shell)
}

fn counts(shell: &Shell, file: &str) -> Value {
    shell.run(&["directory", "import", file, "--json"]).json()
}

#[test]
fn importing_twice_changes_nothing() {
    let (_folder, shell) = place();
    let demo = demo();
    let first = json!({"created": 18, "updated": 0, "unchanged": 0, "kept": [], "erased": []});
    assert_eq!(counts(&shell, &demo), first);
    let exported = shell.run(&["directory", "export"]).done();
    for _ in 0..2 {
        let again = json!({"created": 0, "updated": 0, "unchanged": 18, "kept": [], "erased": []});
        assert_eq!(counts(&shell, &demo), again);
        assert_eq!(shell.run(&["directory", "export"]).done(), exported);
    }
    let said = shell.run(&["directory", "import", &demo]).done();
    assert_eq!(said, "0 created, 0 updated, 18 unchanged\n");
}

#[test]
fn importing_its_own_export_changes_nothing() {
    let (_folder, shell) = place();
    shell.import_demo().done();
    for (name, arguments) in [
        ("own.toml", &["directory", "export"][..]),
        ("own.json", &["directory", "export", "--json"]),
    ] {
        let exported = shell.run(arguments).done();
        shell.write(name, &exported);
        let unchanged =
            json!({"created": 0, "updated": 0, "unchanged": 18, "kept": [], "erased": []});
        assert_eq!(counts(&shell, name), unchanged, "{name}");
        assert_eq!(shell.run(arguments).done(), exported, "{name}");
    }
}

#[test]
fn an_export_holds_no_clear_secret() {
    let (_folder, shell) = place();
    shell.import_demo().done();
    for arguments in [
        &["directory", "export"][..],
        &["directory", "export", "--json"],
    ] {
        let exported = shell.run(arguments).done();
        for secret in [
            "admin-demo",
            "sample-demo",
            "\"1234\"",
            "\"12345\"",
            "CCD4537CA4AD4EE8912FFBAE53110601",
            "demo-web-api-key",
            "demo-api-key",
            "demo-admin-key",
        ] {
            assert!(!exported.contains(secret), "{secret}");
        }
    }
}

#[test]
fn all_users_log_in_from_the_export_of_another() {
    let (_folder, shell) = place();
    shell.import_demo().done();
    for (name, arguments) in [
        ("there.toml", &["directory", "export"][..]),
        ("there.json", &["directory", "export", "--json"]),
    ] {
        let exported = shell.run(arguments).done();
        let there = TempDir::new().unwrap();
        let builder = Gateway::builder(crate::PROGRAM)
            .folder(there.path())
            .env("ISOGLOSS__DIRECTORY__IMPORT", "");
        let other = Shell::beside(&builder, there.path());
        other.write(name, &exported);
        let created =
            json!({"created": 18, "updated": 0, "unchanged": 0, "kept": [], "erased": []});
        assert_eq!(counts(&other, name), created);
        assert_eq!(other.run(arguments).done(), exported);
        let gateway = builder.start().unwrap();
        assert_all_log_in(&gateway);
    }
}

fn assert_all_log_in(gateway: &Gateway) {
    let public = gateway.public();
    for dialect in dialects() {
        for (user, password) in [
            ("admin", "admin-demo"),
            ("linguist@example.com", "linguist-demo"),
            ("sample", "sample-demo"),
            ("test@bimplus.net", "test"),
            ("mpadministrator", "1234"),
        ] {
            let (response, token) = dialect.login(public, user, password).unwrap();
            assert!(token.is_some(), "{user} at {}: {response:?}", dialect.name);
        }
        for (user, password) in [
            ("retired", "retired-demo"),
            ("guarded", "guarded-demo"),
            ("admin", "1234"),
        ] {
            let (response, token) = dialect.login(public, user, password).unwrap();
            assert!(token.is_none(), "{user} at {}: {response:?}", dialect.name);
        }
        // CRM.COM requires the organisation, and the outsider belongs to another one.
        let (_, token) = dialect.login(public, "outsider", "outsider-demo").unwrap();
        assert_eq!(token.is_some(), dialect.name != "crmcom");
    }
    for (card, opens) in [
        (
            json!({"authentication_code": "CCD4537CA4AD4EE8912FFBAE53110601"}),
            true,
        ),
        (
            json!({"identifier": "kyriakos", "pass_code": "12345"}),
            true,
        ),
        (
            json!({"identifier": "kyriakos", "pass_code": "54321"}),
            false,
        ),
        (
            json!({"identifier": "dormant", "pass_code": "12345"}),
            false,
        ),
    ] {
        let body = json!({"access_token_identifier": card, "organisation": "CRMDEMO"});
        let login = Request::post("/crmapi/rest/v2/authentication/token").json(&body);
        let answer = login.send(public).unwrap().json().unwrap();
        assert_eq!(answer["status"]["code"] == "OK", opens, "{card}: {answer}");
    }
}

fn mode(folder: &TempDir, name: &str) -> u32 {
    let found = folder.path().join(name).metadata().unwrap();
    found.permissions().mode() & 0o777
}

#[test]
fn an_exported_file_is_for_its_owner_and_replaces_none() {
    let (folder, shell) = place();
    shell.import_demo().done();
    let exported = shell.run(&["directory", "export"]).done();
    let to_file = ["directory", "export", "--output", "own.toml"];
    assert_eq!(shell.run(&to_file).done(), "");
    let read = || std::fs::read_to_string(folder.path().join("own.toml")).unwrap();
    assert_eq!(
        (read(), mode(&folder, "own.toml")),
        (exported.clone(), 0o600)
    );

    shell.write("own.toml", "mine");
    let refused = shell.run(&to_file).refused();
    assert_eq!(refused, "own.toml exists: use --force to replace it");
    assert_eq!(read(), "mine");
    let replaced = shell.run(&[&to_file[..], &["--force"]].concat());
    assert_eq!(replaced.done(), "");
    assert_eq!((read(), mode(&folder, "own.toml")), (exported, 0o600));
}

#[test]
fn an_export_into_a_file_for_others_is_warned_of() {
    let (folder, shell) = place();
    shell.import_demo().done();
    let warned = "isogloss: warning: the output contains secrets, and other users can read the file \
                  that it goes to: run chmod 600 on it\n";
    for (mode, said) in [(0o644, warned), (0o640, warned), (0o600, "")] {
        let path = folder.path().join("redirected.toml");
        let file = File::create(&path).unwrap();
        file.set_permissions(Permissions::from_mode(mode)).unwrap();
        let ended = shell.run_into(&["directory", "export"], file);
        assert_eq!(
            (ended.exit, ended.err.as_str()),
            (Some(0), said),
            "{mode:o}"
        );
        let written = std::fs::read_to_string(&path).unwrap();
        assert!(written.contains("[[organisations]]"), "{written}");
    }
}

#[test]
fn digest_keys_are_listed_and_one_in_use_is_not_removed() {
    let folder = TempDir::new().unwrap();
    let with_pepper = |file: &str| {
        let shell = Shell::alone(folder.path());
        shell.write(file, &format!("the pepper of {file}"));
        shell.with("ISOGLOSS__TOKENS__PEPPER_FILE", file)
    };
    let shell = || with_pepper("last year");
    shell().import_demo().done();
    let list = ["directory", "digest-keys", "list", "--json"];
    let listed = shell().run(&list).json();
    let key = &listed[0];
    assert_eq!(
        (&key["readable"], &key["digests"]),
        (&json!(true), &json!(7)),
        "{listed}"
    );
    let id = key["id"].as_str().unwrap();
    let remove = ["directory", "digest-keys", "remove", id];
    let refused = shell().run(&remove).refused();
    assert_eq!(
        refused,
        format!("{id}: the pepper opens this digest key, so it is not removed")
    );

    let wrong = || with_pepper("this year");
    assert_eq!(wrong().run(&list).json()[0]["readable"], false);
    assert_eq!(
        wrong().run(&remove).done(),
        format!("{id}: removed, with 0 records of erased users\n")
    );
    let said = wrong().import_demo().done();
    assert!(said.starts_with("6 created"), "{said}");
    let listed = wrong().run(&list).json();
    assert_eq!(
        (listed.as_array().unwrap().len(), &listed[0]["readable"]),
        (1, &json!(true))
    );
}
