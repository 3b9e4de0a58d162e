//! Keys of services that are bound to dialects and audiences, by commands, by the admin API and in directory files.

use isogloss_testkit::Request;
use serde_json::{Value, json};

use super::fixture;

#[test]
fn a_key_of_a_service_is_bound_to_dialects_and_audiences() {
    let f = fixture();
    let limits = [
        "--dialect",
        "memsource",
        "--dialect",
        "bimplus",
        "--audience",
        "https://archive.example/",
    ];
    let made = f.add("introspection", "viewer", &limits);
    assert_eq!(made["scopes"], Value::Null);
    assert_eq!(made["dialects"], json!(["memsource", "bimplus"]));
    assert_eq!(made["audiences"], json!(["https://archive.example/"]));
    let all = f.run(&["key", "list", "--json"]).json();
    let listed = all.as_array().unwrap().iter();
    let mut listed = listed.filter(|key| key["id"] == made["id"]);
    assert_eq!(listed.next().unwrap()["dialects"], made["dialects"]);
    let table = f.run(&["key", "list"]).done();
    let mut rows = table.lines().filter(|row| row.contains(" viewer "));
    let row: Vec<_> = rows.next().unwrap().split_whitespace().collect();
    let shown = [
        "all",
        "memsource",
        "bimplus",
        "https://archive.example/",
        "never",
    ];
    assert_eq!(row[3..], shown);
    let unlimited = table
        .lines()
        .find(|row| row.contains(" introspection  demo "));
    let unlimited: Vec<_> = unlimited.unwrap().split_whitespace().collect();
    assert_eq!(unlimited[3..], ["all", "all", "all", "never"]);

    let refused = |realm: &str, more: &[&str], reason: &str| {
        let add = ["key", "add", "--realm", realm, "--label", "x"];
        let said = f.run(&[&add[..], more].concat());
        assert_eq!(said.exit, Some(2), "{said:?}");
        assert!(said.err.contains(reason), "{said:?}");
    };
    refused(
        "introspection",
        &["--dialect", "klingon"],
        "invalid value 'klingon'",
    );
    refused(
        "introspection",
        &["--audience", "the archive"],
        "audiences: expected names of 1 to 255 visible characters",
    );
    for limit in [["--dialect", "bimplus"], ["--audience", "archive"]] {
        refused(
            "admin",
            &limit,
            "keys of the realm admin are not bound to dialects or audiences",
        );
    }
}

#[test]
fn the_admin_api_binds_keys_by_the_same_rules() {
    let f = fixture();
    let post = |body: &Value| {
        let request = Request::post("/admin/keys").header("Authorization", "Bearer demo-admin-key");
        let answer = request.json(body).send(f.gateway.management()).unwrap();
        (answer.status, answer.json().unwrap())
    };
    let new = |realm: &str, name: &str, limit: Value| {
        let mut new = json!({"realm": realm, "label": "viewer"});
        new[name] = limit;
        new
    };
    let no_name = "audiences: expected names of 1 to 255 visible characters without white space, \
                   and none that is \"all\"";
    for (body, reason) in [
        (
            new("introspection", "dialects", json!(["klingon"])),
            "klingon: no such dialect, expected one of bimplus, crmcom, tokenlogin, memsource",
        ),
        (
            new("introspection", "dialects", json!([])),
            "dialects is an empty list: leave it out for all of them, or name some",
        ),
        (new("introspection", "audiences", json!(["a b"])), no_name),
        (new("introspection", "audiences", json!(["all"])), no_name),
        (
            new("admin", "dialects", json!(["bimplus"])),
            "keys of the realm admin are not bound to dialects or audiences",
        ),
    ] {
        assert_eq!(post(&body), (400, json!({ "reason": reason })), "{body}");
    }
    let (status, made) = post(&new("introspection", "dialects", json!(["bimplus"])));
    assert_eq!(status, 201);
    assert_eq!(made["dialects"], json!(["bimplus"]));
    assert_eq!(made["audiences"], Value::Null);
    let (_, listed) = f.ask("GET", "/admin/keys", "demo-admin-key");
    let mut listed = listed["keys"].as_array().unwrap().iter();
    let listed = listed.find(|key| key["label"] == "viewer").unwrap();
    assert_eq!(listed["dialects"], made["dialects"]);
    assert_eq!(listed["audiences"], Value::Null);
}

#[test]
fn a_directory_file_that_names_an_unknown_dialect_is_refused_whole() {
    let f = fixture();
    let file = f.folder.path().join("keys.toml");
    let import = |dialect: &str| {
        let text = format!(
            "[[keys]]\nrealm = \"introspection\"\nlabel = \"viewer\"\nkey = \"ohm7Ooqu3eiJ9aeShie2\"\ndialects = [\"{dialect}\"]\n"
        );
        std::fs::write(&file, text).unwrap();
        f.run(&["directory", "import", &file.display().to_string()])
    };
    let refused = import("klingon");
    assert_eq!(refused.exit, Some(1), "{refused:?}");
    let reason = "introspection key viewer: there is no dialect klingon, expected one of bimplus";
    assert!(refused.err.contains(reason), "{refused:?}");
    assert!(import("bimplus").done().starts_with("1 created"));
    let exported = f.run(&["directory", "export"]).done();
    let (_, viewer) = exported.split_once("label = \"viewer\"").unwrap();
    let (viewer, _) = viewer.split_once("expires_at").unwrap();
    assert!(viewer.contains("dialects = [\"bimplus\"]"), "{viewer}");
    assert!(viewer.contains("audiences = [\"all\"]"), "{viewer}");
}
