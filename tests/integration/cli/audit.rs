//! `isogloss audit list`, and the events that other commands record.

use isogloss_testkit::{Gateway, Request};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::shell::{Said, Shell};

/// Returns a shell with these settings of the audit log.
fn shell(folder: &TempDir, to: &str, database: bool) -> Shell {
    Shell::alone(folder.path())
        .with("ISOGLOSS__AUDIT__TO", to)
        .with("ISOGLOSS__AUDIT__DATABASE", &database.to_string())
}

fn listed(shell: &Shell, arguments: &[&str]) -> Vec<Value> {
    let command = [&["audit", "list", "--json"], arguments].concat();
    shell.run(&command).json().as_array().unwrap().clone()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    let kinds = events.iter().map(|event| event["event"].as_str());
    kinds.map(Option::unwrap).collect()
}

/// Checks the events of every command that changes something.
fn acts_are_recorded(shell: &Shell) {
    shell.run(&["directory", "migrate"]).done();
    assert_eq!(listed(shell, &[]), [Value::Null; 0], "nothing yet");
    shell.import_demo().done();
    let add = [
        "user",
        "add",
        "eve",
        "--organisation",
        "CRMDEMO",
        "--password-stdin",
    ];
    shell.run_with(&add, "secret-of-eve\n").done();
    let set = ["user", "set-password", "eve", "--password-stdin"];
    shell.run_with(&set, "another-of-eve\n").done();
    shell.run(&["user", "disable", "eve"]).done();
    shell.run(&["user", "enable", "EVE"]).done();
    shell.run(&["user", "disable", "nobody"]).refused();
    let eve = shell.run(&["user", "show", "eve", "--json"]).json();

    let events = listed(shell, &[]);
    let latest_first = [
        "enable_user",
        "disable_user",
        "set_password",
        "add_user",
        "import_directory",
    ];
    assert_eq!(kinds(&events), latest_first);
    let times: Vec<_> = events.iter().map(|e| e["time"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|later, earlier| later >= earlier));
    for event in &events[..4] {
        let expected = json!({
            "time": event["time"], "event": event["event"], "outcome": "done",
            "user": eve["id"], "organisation": "CRMDEMO", "actor": "command line",
        });
        assert_eq!(*event, expected);
    }
    let import = &events[4];
    assert_eq!(import["actor"], "command line");
    assert!(
        import["target"]
            .as_str()
            .unwrap()
            .ends_with("demo-directory.toml")
    );
    assert!(import["count"].as_u64().unwrap() > 9);

    assert_eq!(kinds(&listed(shell, &["--user", "eve"])), latest_first[..4]);
    assert_eq!(kinds(&listed(shell, &["--limit", "2"])), latest_first[..2]);
    let disabled = listed(shell, &["--event", "disable_user", "--since", "1h"]);
    assert_eq!(kinds(&disabled), ["disable_user"]);
    let none = listed(shell, &["--since", "2999-01-01T00:00:00Z"]);
    assert_eq!(none, [Value::Null; 0]);
    let table = shell.run(&["audit", "list"]).done();
    let first = table.lines().nth(1).unwrap();
    assert!(table.starts_with("TIME "), "{table}");
    assert!(
        first.contains("eve") && first.ends_with("command line"),
        "{table}"
    );
    for secret in ["secret-of-eve", "another-of-eve", "$2"] {
        assert!(!table.contains(secret));
    }
}

#[test]
fn acts_are_recorded_in_a_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("log/audit.jsonl");
    acts_are_recorded(&shell(&folder, &format!("file:{}", path.display()), false));
}

#[test]
fn acts_are_recorded_in_the_database() {
    let folder = TempDir::new().unwrap();
    acts_are_recorded(&shell(&folder, "stdout", true));
}

#[test]
fn names_of_failed_logins_are_found_by_who_knows_them() {
    let folder = TempDir::new().unwrap();
    let builder = Gateway::builder(crate::PROGRAM)
        .folder(folder.path())
        .env("ISOGLOSS__AUDIT__DATABASE", "true");
    let shell = Shell::beside(&builder, folder.path());
    let mut gateway = builder.start().unwrap();
    for name in ["sample", "Sample@example.com", "nobody", "nobody"] {
        let login = json!({"user_id": name, "password": "wrong"});
        let login = Request::post("/v2/authorize").json(&login);
        assert_eq!(login.send(gateway.public()).unwrap().status, 401);
    }
    assert!(gateway.terminate().unwrap().success());
    let count = |name: &str| listed(&shell, &["--user", name]).len();
    assert_eq!(count("sample"), 2, "by either name of the user");
    assert_eq!(count("NOBODY "), 2);
    assert_eq!(count("somebody"), 0);
    let table = shell.run(&["audit", "list", "--event", "login"]).done();
    assert!(!table.contains("nobody") && table.contains('#'), "{table}");
}

#[test]
fn where_nothing_can_be_read_the_way_is_told() {
    let folder = TempDir::new().unwrap();
    let refused = |said: Said, line: &str| {
        assert_eq!((said.exit, said.out.as_str()), (Some(2), ""), "{said:?}");
        assert_eq!(said.err, format!("isogloss: {line}\n"));
    };
    let advice = "to list events, set audit.database = true, or audit.to = \"file:PATH\"";
    let list = ["audit", "list"];
    refused(
        shell(&folder, "none", false).run(&list),
        &format!("audit list: the audit log is off: {advice}"),
    );
    refused(
        shell(&folder, "stdout", false).run(&list),
        &format!(
            "audit list: audit.to is stdout, so the events went to the standard output of the gateway: {advice}"
        ),
    );
    let expected = "expected an age such as 1h or 30days, or a time such as 2026-11-22T09:00:00Z";
    refused(
        shell(&folder, "none", true).run(&["audit", "list", "--since", "yesterday"]),
        &format!("--since: {expected}"),
    );
    let unknown = shell(&folder, "none", true).run(&["audit", "list", "--event", "x"]);
    assert_eq!(unknown.exit, Some(2));
    assert!(unknown.err.contains("possible values: login, issue"));
}

#[test]
fn every_event_and_its_fields_are_documented() {
    const PAGE: &str = include_str!("../../../docs/audit.md");
    let (tables, examples) = PAGE.split_once("```json\n").unwrap();
    let (examples, _) = examples.split_once("\n```").unwrap();
    let examples: Vec<Value> = examples
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let documented = |name: &str| tables.contains(&format!("`{name}`"));
    for event in &examples {
        for field in event.as_object().unwrap().keys() {
            assert!(documented(field), "{field}");
        }
    }
    let folder = TempDir::new().unwrap();
    let unknown = shell(&folder, "none", true).run(&["audit", "list", "--event", "x"]);
    let (_, known) = unknown.err.split_once("possible values: ").unwrap();
    let (known, _) = known.split_once(']').unwrap();
    for event in known.split(", ") {
        assert!(documented(event), "{event}");
        assert!(
            examples.iter().any(|example| example["event"] == event),
            "{event}"
        );
    }
}

#[test]
fn a_log_that_cannot_be_written_stops_no_command() {
    let folder = TempDir::new().unwrap();
    let shell = shell(&folder, "file:/dev/full", false);
    let said = shell.import_demo();
    assert_eq!(said.exit, Some(0));
    let line = "isogloss: the change was made, but the audit log could not be written\n";
    assert_eq!(said.err, line);
}
