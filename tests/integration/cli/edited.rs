//! `isogloss user edit` and `isogloss user list --search` without a running gateway.

use serde_json::{Value, json};

use crate::shell::Shell;

fn show(shell: &Shell, name: &str) -> Value {
    shell.run(&["user", "show", name, "--json"]).json()
}

#[test]
fn fields_are_set_and_cleared_and_the_rest_stays() {
    let (_folder, shell) = Shell::with_demo();
    let edit = |arguments: &[&str]| shell.run(&[&["user", "edit"], arguments].concat());
    let mut expected = show(&shell, "admin");
    let set = [
        "admin",
        "--user-name",
        "countess",
        "--email",
        "countess@example.com",
        "--number",
        "31",
        "--first-name",
        "Ada",
        "--last-name",
        "King",
        "--image-url",
        "https://example.com/a.png",
        "--language",
        "pt-br",
        "--role",
        "LINGUIST",
    ];
    assert_eq!(edit(&set).done(), "countess: changed\n");
    for (field, value) in [
        ("user_name", json!("countess")),
        ("email", json!("countess@example.com")),
        ("number", json!(31)),
        ("first_name", json!("Ada")),
        ("last_name", json!("King")),
        ("image_url", json!("https://example.com/a.png")),
        ("language", json!("pt-BR")),
        ("role", json!("LINGUIST")),
    ] {
        expected[field] = value;
    }
    assert_eq!(show(&shell, "countess"), expected);
    // The old names are available again.
    let add = [
        "user",
        "add",
        "admin",
        "--organisation",
        "CRMDEMO",
        "--password-stdin",
    ];
    shell.run_with(&add, "secret\n").done();
    let clear = [
        "countess",
        "--clear",
        "email",
        "--clear",
        "first-name",
        "--clear",
        "image-url",
        "--clear",
        "language",
        "--json",
    ];
    let cleared = edit(&clear).json();
    for (field, value) in [("first_name", json!("")), ("image_url", json!(""))] {
        expected[field] = value;
    }
    for cleared in ["email", "language"] {
        expected.as_object_mut().unwrap().remove(cleared);
    }
    assert_eq!(show(&shell, "countess"), expected);
    expected.as_object_mut().unwrap().remove("second_factor");
    assert_eq!(cleared, expected);
    let moved = [
        "countess",
        "--organisation",
        "OTHERORG",
        "--clear",
        "units",
        "--clear",
        "default-unit",
    ];
    let said = edit(&moved).done();
    assert_eq!(
        said,
        "countess: changed\n  all tokens of the user have ended\n"
    );
    assert_eq!(show(&shell, "countess")["organisation"], "OTHERORG");
}

#[test]
fn an_edit_that_makes_no_sense_changes_nothing() {
    let (_folder, shell) = Shell::with_demo();
    let before = shell.run(&["directory", "export"]).done();
    for (arguments, exit, reason) in [
        (&["admin"][..], 2, "nothing to change"),
        (
            &["admin", "--email", "x@example.com", "--clear", "email"],
            2,
            "email cannot be set and cleared in one command",
        ),
        (
            &["admin", "--language", "german"],
            2,
            "no language tag, expected one such as de",
        ),
        (&["nobody", "--number", "1"], 1, "nobody: no such user"),
        (
            &["admin", "--user-name", "sample"],
            1,
            "user sample logs in by the same name",
        ),
        (
            &["admin", "--number", "40"],
            1,
            "user sample has the same number",
        ),
        (
            &["admin", "--organisation", "NOWHERE"],
            1,
            "there is no organisation NOWHERE",
        ),
        (&["admin", "--unit", "X"], 1, "CRMDEMO has no unit X"),
    ] {
        let said = shell.run(&[&["user", "edit"], arguments].concat());
        assert_eq!((said.exit, said.out.as_str()), (Some(exit), ""), "{said:?}");
        assert!(said.err.contains(reason), "{said:?}");
    }
    assert_eq!(shell.run(&["directory", "export"]).done(), before);
}

#[test]
fn users_are_searched_filtered_and_listed_by_pages() {
    let (_folder, shell) = Shell::with_demo();
    let list = |arguments: &[&str]| -> Vec<Value> {
        let all = [&["user", "list", "--json"], arguments].concat();
        let users = shell.run(&all).json();
        users
            .as_array()
            .unwrap()
            .iter()
            .map(|user| user["user_name"].clone())
            .collect()
    };
    assert_eq!(list(&["--search", "Min Istrator"]), ["admin"]);
    assert_eq!(list(&["--search", "retired@"]), ["retired"]);
    assert_eq!(list(&["--search", "%"]), [Value::Null; 0]);
    assert_eq!(list(&["--search", "40"]), ["sample"]);
    assert_eq!(list(&["--state", "disabled"]), ["retired"]);
    assert!(list(&["--role", "ADMIN", "--organisation", "CRMDEMO"]).contains(&json!("admin")));
    let all = list(&[]);
    assert_eq!(list(&["--limit", "3"]), all[..3]);
    assert_eq!(list(&["--limit", "2", "--after", "36"]), all[3..5]);
    let refused = shell
        .run(&["user", "list", "--organisation", "NOWHERE"])
        .refused();
    assert_eq!(refused, "NOWHERE: no such organisation");
}
