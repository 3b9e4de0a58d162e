//! `isogloss user`: users of authorities, users without a password, and counts.

use serde_json::{Value, json};

use crate::shell::Shell;

const NEW: [&str; 2] = ["--organisation", "CRMDEMO"];

fn shown(shell: &Shell, name: &str) -> Value {
    shell.run(&["user", "show", name, "--json"]).json()
}

/// Returns the members of a user that concern the password and the authority.
fn link(user: &Value) -> Value {
    let names = ["password", "authority", "external_id", "adopted"];
    names.map(|name| user[name].clone()).into_iter().collect()
}

#[test]
fn a_user_is_added_without_a_password_or_with_an_authority() {
    let (_folder, shell) = Shell::with_demo();
    let add = |name: &str, options: &[&str]| {
        let command = [&["user", "add", name][..], &NEW, options].concat();
        shell.run_unanswered(&command)
    };
    assert_eq!(add("ada", &["--no-password"]).done(), "ada: added\n");
    assert_eq!(
        link(&shown(&shell, "ada")),
        json!(["none", null, null, null])
    );
    assert_eq!(add("bob", &["--authority", "corp"]).done(), "bob: added\n");
    let bob = shown(&shell, "bob");
    assert_eq!(link(&bob), json!(["none", "corp", null, false]));
    let linked = ["--authority", "corp", "--external-id", "S-1-5"];
    assert_eq!(add("eve", &linked).done(), "eve: added\n");
    let eve = shown(&shell, "eve");
    assert_eq!(link(&eve), json!(["none", "corp", "S-1-5", false]));
    assert_eq!(
        add("mia", &linked).refused(),
        "user eve has the same external id at corp"
    );
    for options in [
        &["--external-id", "S-1-6"][..],
        &["--no-password", "--authority", "corp"],
        &["--no-password", "--password-stdin"],
    ] {
        assert_eq!(add("mia", options).exit, Some(2), "{options:?}");
    }
    let export = shell.run(&["directory", "export"]).done();
    assert!(export.contains("password_hash = \"none\""));
}

#[test]
fn a_user_is_given_to_an_authority_and_made_local() {
    let (_folder, shell) = Shell::with_demo();
    let edit = |options: &[&str]| {
        let command = [&["user", "edit", "admin", "--json"][..], options].concat();
        link(&shell.run(&command).json())
    };
    let given = edit(&["--authority", "corp", "--external-id", "a"]);
    assert_eq!(given, json!(["current", "corp", "a", false]));
    let unlinked = edit(&["--clear", "external-id"]);
    assert_eq!(unlinked, json!(["current", "corp", null, false]));
    let local = edit(&["--clear", "authority"]);
    assert_eq!(local, json!(["current", null, null, null]));
    let refused = shell.run(&["user", "edit", "admin", "--external-id", "a"]);
    assert_eq!(refused.refused(), "the external id needs an authority");
}

#[test]
fn users_are_listed_by_authority_and_counted() {
    let (_folder, shell) = Shell::with_demo();
    shell
        .run(&["user", "edit", "admin", "--authority", "corp"])
        .done();
    let options = ["--organisation", "CRMDEMO", "--authority", "corp"];
    shell
        .run_unanswered(&[&["user", "add", "ada"][..], &options].concat())
        .done();
    let names = |options: &[&str]| -> Vec<String> {
        let command = [&["user", "list", "--json"][..], options].concat();
        let list = shell.run(&command).json();
        let users = list.as_array().unwrap().iter();
        let names = users.map(|user| user["user_name"].as_str().unwrap().to_owned());
        names.collect()
    };
    assert_eq!(names(&["--authority", "corp"]), ["admin", "ada"]);
    assert_eq!(names(&["--authority", "nowhere"]), [""; 0]);
    assert_eq!(names(&["--never-logged-in"]).len(), 11);
    let table = shell.run(&["user", "list", "--authority", "corp"]).done();
    assert!(table.contains("corp       never\n"), "{table}");

    let summary = shell.run(&["user", "summary", "--json"]).json();
    let group = |authority: Option<&str>, state: &str, users: u64, without_password: u64| {
        let mut group = json!({
            "state": state, "users": users, "without_password": without_password,
            "with_foreign_hash": 0, "never_logged_in": users,
        });
        if let Some(authority) = authority {
            group["authority"] = authority.into();
            group["adopted"] = false.into();
        }
        group
    };
    let expected = json!({"users": 11, "groups": [
        group(None, "active", 8, 0),
        group(None, "disabled", 1, 0),
        group(Some("corp"), "active", 2, 1),
    ]});
    assert_eq!(summary, expected);
    let table = shell.run(&["user", "summary"]).done();
    let lines: Vec<Vec<_>> = table
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(lines[3], ["corp", "active", "2", "1", "0", "2"], "{table}");
}
