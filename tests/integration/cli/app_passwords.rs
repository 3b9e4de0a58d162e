//! `isogloss user app-password` next to a running gateway.

use isogloss_testkit::dialects::{Dialect, dialect, dialects};
use isogloss_testkit::{Gateway, Request};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::shell::Shell;

#[test]
fn one_is_good_in_its_dialect_until_it_is_revoked() {
    let folder = TempDir::new().unwrap();
    let builder = Gateway::builder(crate::PROGRAM).folder(folder.path());
    let shell = Shell::beside(&builder, folder.path());
    let gateway = builder.start().unwrap();
    gateway.wait_until_ready().unwrap();
    let public = gateway.public();
    let list = |user: &str| -> Value {
        shell
            .run(&["user", "app-password", "list", user, "--json"])
            .json()
    };
    for (user, of_user) in [("sample", "sample-demo"), ("guarded", "guarded-demo")] {
        assert_eq!(list(user), json!([]));
        let add = ["user", "app-password", "add", user, "--dialect", "bimplus"];
        let label = ["--label", "CAD in room 5", "--json"];
        let made = shell.run(&[&add[..], &label].concat()).json();
        let password = made["password"].as_str().unwrap();
        let before = list(user);
        assert_eq!(before[0]["label"], "CAD in room 5");
        assert_eq!(before[0]["last_used"], json!(null));
        assert!(!before.to_string().contains(password));
        let login =
            |dialect: &Dialect, password: &str| dialect.login(public, user, password).unwrap().1;
        let mut tokens = Vec::new();
        for dialect in dialects() {
            let token = login(dialect, password);
            assert_eq!(
                token.is_some(),
                dialect.name == "bimplus",
                "{}",
                dialect.name
            );
            tokens.extend(token);
        }
        assert_eq!(list(user)[0]["last_used"].as_str().unwrap().len(), 10);
        // The password stays valid.
        let by_password = login(&dialect("bimplus"), of_user);
        assert_eq!(by_password.is_some(), user == "sample");

        let who = |token: &str| {
            let authorization = format!("BimPlus {token}");
            let request = Request::get("/v2/authorize").header("Authorization", authorization);
            request.send(public).unwrap().status
        };
        assert_eq!(who(&tokens[0]), 200);
        let id = made["id"].as_str().unwrap();
        let said = shell
            .run(&["user", "app-password", "revoke", user, id])
            .done();
        let expected = "revoked; all tokens of the user have ended\n";
        assert_eq!(
            said,
            format!("{user}: application password {id} {expected}")
        );
        assert_eq!(who(&tokens[0]), 401);
        assert_eq!(login(&dialect("bimplus"), password), None);
        let again = shell
            .run(&["user", "app-password", "revoke", user, id])
            .refused();
        assert_eq!(again, format!("{user}: no application password {id}"));
    }
}

#[test]
fn people_read_it_once() {
    let folder = TempDir::new().unwrap();
    let shell = Shell::alone(folder.path());
    shell.import_demo().done();
    let add = [
        "user",
        "app-password",
        "add",
        "sample",
        "--dialect",
        "crmcom",
    ];
    let out = shell.run(&add).done();
    let (first, rest) = out.split_once("\n\n  ").unwrap();
    let id = first
        .strip_prefix("sample: application password ")
        .and_then(|rest| rest.strip_suffix(" for crmcom. It is not shown again:"))
        .unwrap();
    let groups: Vec<_> = rest.trim_end().split('-').map(str::len).collect();
    assert_eq!(groups, [4; 6], "{out}");
    let table = shell
        .run(&["user", "app-password", "list", "sample"])
        .done();
    let lines: Vec<_> = table.lines().collect();
    assert!(
        lines[0].starts_with("ID        DIALECT  CREATED     LAST USED  LABEL"),
        "{table}"
    );
    assert!(lines[1].starts_with(&format!("{id}  crmcom   ")) && lines[1].contains("never"));
    assert!(!table.contains(rest.trim()));
    let exported = shell.run(&["directory", "export"]).done();
    assert!(exported.contains("dialect = \"crmcom\"") && !exported.contains(rest.trim()));
    for command in [
        &["add", "nobody", "--dialect", "crmcom"][..],
        &["list", "nobody"],
        &["revoke", "nobody", "x"],
    ] {
        let refused = shell
            .run(&[&["user", "app-password"], command].concat())
            .refused();
        assert_eq!(refused, "nobody: no such user");
    }
}
