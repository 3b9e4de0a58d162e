//! `isogloss user` without a running gateway.

use serde_json::{Value, json};

use crate::shell::Shell;

#[test]
fn users_are_listed_by_number() {
    let (_folder, shell) = Shell::with_demo();
    let list = shell.run(&["user", "list", "--json"]).json();
    let users = list.as_array().unwrap();
    let pick = |name: &str| {
        users
            .iter()
            .map(|user| user[name].clone())
            .collect::<Value>()
    };
    assert_eq!(
        pick("number"),
        json!([30, 35, 36, 37, 38, 40, 50, 60, 80, 90])
    );
    assert_eq!(pick("state")[3], "disabled");
    assert_eq!(
        pick("state")
            .as_array()
            .unwrap()
            .iter()
            .filter(|state| **state == "active")
            .count(),
        9
    );
    let mut admin = users[0].clone();
    assert_eq!(admin["id"].take().as_str().unwrap().len(), 36);
    let expected = json!({
        "id": null, "number": 30, "user_name": "admin", "email": "admin@example.com",
        "first_name": "Admin", "last_name": "Istrator", "image_url": "", "role": "ADMIN",
        "organisation": "CRMDEMO", "default_unit": "EE63A82C4FEBE02FF34E90DD1EBA5ABE",
        "units": ["EE63A82C4FEBE02FF34E90DD1EBA5ABE"], "state": "active",
        "password": "current",
    });
    assert_eq!(admin, expected);
    let table = shell.run(&["user", "list"]).done();
    assert_eq!(table.lines().count(), 11);
    assert!(table.starts_with("NUMBER  USER NAME"));
    assert!(table.contains("\n37      retired           retired@example.com   CRMDEMO       LINGUIST         disabled  local      never\n"));
    for words in [&table, &list.to_string()] {
        assert!(
            !words.contains("$2") && !words.contains("JBSWY3DPEHPK3PXP"),
            "{words}"
        );
    }
}

#[test]
fn a_user_is_shown_by_name_or_email_in_any_case() {
    let (_folder, shell) = Shell::with_demo();
    let admin = shell.run(&["user", "show", "admin", "--json"]).json();
    assert_eq!(admin["number"], 30);
    for name in ["ADMIN", "admin@example.com", "Admin@Example.com"] {
        assert_eq!(
            shell.run(&["user", "show", name, "--json"]).json(),
            admin,
            "{name}"
        );
    }
    assert!(
        shell
            .run(&["user", "show", "admin"])
            .done()
            .contains("user_name = \"admin\"")
    );
}

#[test]
fn who_is_not_there_is_exit_code_1() {
    let (_folder, shell) = Shell::with_demo();
    for command in ["show", "disable", "enable"] {
        assert_eq!(
            shell.run(&["user", command, "nobody"]).refused(),
            "nobody: no such user"
        );
    }
    for asking in [
        &["user", "set-password", "nobody", "--password-stdin"][..],
        &["user", "totp", "enrol", "nobody", "--code-stdin"],
        &["user", "logout", "nobody"],
        &[
            "user",
            "app-password",
            "add",
            "nobody",
            "--dialect",
            "bimplus",
        ],
    ] {
        let refused = shell.run_unanswered(asking).refused();
        assert_eq!(refused, "nobody: no such user", "{asking:?}");
    }
}

#[test]
fn a_user_is_added_with_what_was_given() {
    let (_folder, shell) = Shell::with_demo();
    let add = [
        "user",
        "add",
        "ada",
        "--organisation",
        "CRMDEMO",
        "--email",
        "ada@example.com",
        "--number",
        "77",
        "--first-name",
        "Ada",
        "--last-name",
        "L",
        "--role",
        "PROJECT_MANAGER",
        "--image-url",
        "https://example.com/a.png",
        "--language",
        "de_at",
        "--default-unit",
        "0B7B3D1C2A5E4F6089ABCDEF01234567",
        "--unit",
        "EE63A82C4FEBE02FF34E90DD1EBA5ABE",
        "--password-stdin",
    ];
    assert_eq!(
        shell.run_with(&add, "secret\nnot this\n").done(),
        "ada: added\n"
    );
    let mut ada = shell
        .run(&["user", "show", "ada@example.com", "--json"])
        .json();
    ada["id"].take();
    let expected = json!({
        "id": null, "number": 77, "user_name": "ada", "email": "ada@example.com", "first_name": "Ada",
        "last_name": "L", "image_url": "https://example.com/a.png", "language": "de-AT", "role": "PROJECT_MANAGER",
        "organisation": "CRMDEMO", "default_unit": "0B7B3D1C2A5E4F6089ABCDEF01234567",
        "units": ["EE63A82C4FEBE02FF34E90DD1EBA5ABE", "0B7B3D1C2A5E4F6089ABCDEF01234567"], "state": "active",
        "password": "current", "second_factor": {"state": "off"},
    });
    assert_eq!(ada, expected);
    let next = [
        "user",
        "add",
        "bob",
        "--organisation",
        "OTHERORG",
        "--password-stdin",
    ];
    shell.run_with(&next, "secret").done();
    let bob = shell.run(&["user", "show", "bob", "--json"]).json();
    assert_eq!(
        (&bob["number"], &bob["role"]),
        (&json!(91), &json!("LINGUIST"))
    );
}

#[test]
fn a_user_that_makes_no_sense_is_refused_and_nothing_changes() {
    let (_folder, shell) = Shell::with_demo();
    let before = shell.run(&["directory", "export"]).done();
    for (arguments, reason) in [
        (
            &["admin", "--organisation", "CRMDEMO"][..],
            "this user already exists",
        ),
        (
            &["admin@example.com", "--organisation", "CRMDEMO"],
            "this user already exists",
        ),
        (
            &["eve", "--organisation", "NOWHERE"],
            "there is no organisation NOWHERE",
        ),
        (
            &["eve", "--organisation", "CRMDEMO", "--number", "30"],
            "user admin has the same number",
        ),
        (
            &[
                "eve",
                "--organisation",
                "CRMDEMO",
                "--email",
                "ADMIN@example.com",
            ],
            "user admin logs in by the same name or e-mail address",
        ),
        (
            &["eve", "--organisation", "CRMDEMO", "--email", "admin"],
            "the e-mail address is not like name@example.com",
        ),
        (
            &[
                "eve",
                "--organisation",
                "CRMDEMO",
                "--default-unit",
                "11111111222222223333333344444444",
            ],
            "CRMDEMO has no unit",
        ),
        (
            &["  ", "--organisation", "CRMDEMO"],
            "the user name is empty",
        ),
    ] {
        let arguments = [&["user", "add"], arguments, &["--password-stdin"]].concat();
        // The command reads no password before all other arguments are validated.
        let refused = shell.run_unanswered(&arguments).refused();
        assert!(refused.contains(reason), "{arguments:?}: {refused}");
    }
    let long = "a".repeat(73);
    for password in ["", "\n", "\r\n", "a\0b", long.as_str()] {
        for arguments in [
            &[
                "user",
                "add",
                "eve",
                "--organisation",
                "CRMDEMO",
                "--password-stdin",
            ][..],
            &["user", "set-password", "admin", "--password-stdin"],
        ] {
            let refused = shell.run_with(arguments, password).refused();
            assert!(refused.contains("a password "), "{password:?}: {refused}");
        }
    }
    assert_eq!(shell.run(&["directory", "export"]).done(), before);
}

#[test]
fn states_are_set_once_or_twice() {
    let (_folder, shell) = Shell::with_demo();
    for (command, state) in [("disable", "disabled"), ("enable", "active")] {
        for _ in 0..2 {
            let said = shell.run(&["user", command, "sample@example.com"]).done();
            assert_eq!(said, format!("sample: {state}\n"));
            let sample = shell.run(&["user", "show", "sample", "--json"]).json();
            assert_eq!(sample["state"], state);
        }
    }
}
