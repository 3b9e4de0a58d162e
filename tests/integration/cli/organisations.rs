//! `isogloss organisation` without a running gateway.

use serde_json::json;
use tempfile::TempDir;

use crate::shell::Shell;

#[test]
fn an_organisation_comes_with_its_units_is_changed_and_goes() {
    let (_folder, shell) = Shell::with_demo();
    let id = "0e0c0b6e-5b5e-4d0c-9f0e-6a4f4b9d2c11";
    let add = [
        "organisation",
        "add",
        "ACME",
        "--id",
        id,
        "--unit",
        "B1=Building 1",
        "--unit",
        "B2",
        "--default-unit",
        "B1",
    ];
    assert_eq!(shell.run(&add).done(), "ACME: added\n");
    let show = |name: &str| shell.run(&["organisation", "show", name, "--json"]).json();
    let expected = json!({
        "id": id, "name": "ACME", "default_unit": "B1",
        "units": [{"id": "B1", "name": "Building 1"}, {"id": "B2", "name": ""}],
    });
    assert_eq!((show("ACME"), show(id)), (expected.clone(), expected));
    for (arguments, said) in [
        (
            &["edit", "ACME", "--name", "ACME Ltd"][..],
            "ACME Ltd: changed\n",
        ),
        (
            &["edit", "ACME Ltd", "--no-default-unit"],
            "ACME Ltd: changed\n",
        ),
        (
            &["unit", "put", "ACME Ltd", "B3", "--name", "Shed"],
            "ACME Ltd: unit B3 set\n",
        ),
        (
            &["unit", "delete", "ACME Ltd", "B1"],
            "ACME Ltd: unit B1 deleted\n",
        ),
    ] {
        let arguments = [&["organisation"], arguments].concat();
        assert_eq!(shell.run(&arguments).done(), said);
    }
    let expected = json!({
        "id": id, "name": "ACME Ltd", "units": [{"id": "B2", "name": ""}, {"id": "B3", "name": "Shed"}],
    });
    assert_eq!(show("ACME Ltd"), expected);
    let toml = shell.run(&["organisation", "show", "ACME Ltd"]).done();
    assert!(toml.contains("name = \"ACME Ltd\""), "{toml}");
    let list = shell.run(&["organisation", "list", "--json"]).json();
    assert!(list.as_array().unwrap().contains(&expected));
    let table = shell.run(&["organisation", "list"]).done();
    assert!(table.starts_with("NAME "), "{table}");
    assert!(table.contains("\nACME Ltd "), "{table}");
    let deleted = shell.run(&["organisation", "delete", "ACME Ltd"]).done();
    assert_eq!(deleted, "ACME Ltd: deleted\n");
    let gone = shell.run(&["organisation", "show", id]).refused();
    assert_eq!(gone, format!("{id}: no such organisation"));
}

#[test]
fn what_is_in_use_or_makes_no_sense_is_refused_and_nothing_changes() {
    let (_folder, shell) = Shell::with_demo();
    let before = shell.run(&["directory", "export"]).done();
    for (arguments, reason) in [
        (&["delete", "OTHERORG"][..], "OTHERORG has users: 2"),
        (&["delete", "NOWHERE"], "NOWHERE: no such organisation"),
        (&["show", "NOWHERE"], "NOWHERE: no such organisation"),
        (
            &["edit", "NOWHERE", "--name", "X"],
            "NOWHERE: no such organisation",
        ),
        (
            &["unit", "put", "NOWHERE", "X"],
            "NOWHERE: no such organisation",
        ),
        (
            &["add", "CRMDEMO"],
            "CRMDEMO: there is such an organisation already",
        ),
        (
            &["edit", "OTHERORG", "--name", "CRMDEMO"],
            "CRMDEMO: there is such an organisation already",
        ),
        (
            &["add", "X", "--default-unit", "U"],
            "the default unit U is not among the units of X",
        ),
        (
            &[
                "unit",
                "delete",
                "CRMDEMO",
                "EE63A82C4FEBE02FF34E90DD1EBA5ABE",
            ],
            "EE63A82C4FEBE02FF34E90DD1EBA5ABE is the default unit of CRMDEMO",
        ),
    ] {
        let arguments = [&["organisation"], arguments].concat();
        assert_eq!(shell.run(&arguments).refused(), reason, "{arguments:?}");
    }
    let nothing = shell.run(&["organisation", "edit", "CRMDEMO"]);
    assert_eq!((nothing.exit, nothing.out.as_str()), (Some(2), ""));
    assert_eq!(shell.run(&["directory", "export"]).done(), before);
}

#[test]
fn an_event_names_its_organisation_and_a_list_of_none_is_refused() {
    let folder = TempDir::new().unwrap();
    let shell = Shell::alone(folder.path()).with("ISOGLOSS__AUDIT__DATABASE", "true");
    shell.import_demo().done();
    let said = shell.run(&["organisation", "add", " MOON "]).done();
    assert_eq!(said.trim_end(), "MOON: added");
    let listed = shell
        .run(&["audit", "list", "--event", "add_organisation"])
        .done();
    assert!(listed.contains("MOON"), "{listed}");
    for command in [["user", "list"], ["audit", "list"], ["session", "list"]] {
        let said = shell.run(&[&command[..], &["--limit", "0"]].concat());
        assert_eq!(said.exit, Some(2), "{said:?}");
    }
    let add = [
        "user",
        "add",
        " luna",
        "--organisation",
        "MOON",
        "--password-stdin",
    ];
    let said = shell.run_with(&add, "moon-goddess-of-old\n").done();
    assert_eq!(said.trim_end(), "luna: added");
    let said = shell.run(&["session", "list", "--management", "http://127.0.0.1:1"]);
    let expected = "no gateway responds at http://127.0.0.1:1: start it, or give its address with --management";
    assert!(said.refused().starts_with(expected));
}
