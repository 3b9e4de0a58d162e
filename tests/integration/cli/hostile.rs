//! One hostile name in every field that a client, an import or an older release could set.
//!
//! No listing, message or log line passes a control character to the terminal.

use isogloss_testkit::{Builder, Gateway, Postgres, Redis, Request, Store};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::shell::{Said, Shell};

/// A name that clears the screen, rings the bell, forges a line and reverses text. Its printable characters must
/// stay readable.
const HOSTILE: &str = "é李\u{1b}[2J\u{7}\r\nforged\t\u{7f}\u{9b}2J\u{85}\u{2028}\u{202e}\u{2066}z";

/// Returns whether a terminal interprets the character. Line feeds belong to the layout.
fn is_obeyed(character: char) -> bool {
    let is_control = character.is_control() && character != '\n';
    is_control || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[track_caller]
fn assert_printable(what: &str, text: &str) {
    let obeyed = text.chars().find(|character| is_obeyed(*character));
    assert_eq!(obeyed, None, "{what}: {text:?}");
    assert!(
        !text.lines().any(|line| line.starts_with("forged")),
        "{what}: {text}"
    );
}

/// Returns the name as a string literal of PostgreSQL.
fn literal() -> String {
    let units = HOSTILE.encode_utf16();
    let escaped: Vec<_> = units.map(|unit| format!("\\u{unit:04x}")).collect();
    format!("E'{}'", escaped.concat())
}

/// Writes names that are no longer accepted, but may be left from an older release, directly to the database.
fn plant(server: &Postgres, database: &str) {
    let name = literal();
    let statements = format!(
        "UPDATE users SET user_name = {name}, email = {name} || '@example.com', \
             first_name = {name}, last_name = {name}, image_url = {name} WHERE user_name = 'admin'; \
         UPDATE organisations SET name = {name} WHERE name = 'CRMDEMO'; \
         UPDATE units SET name = {name}; \
         UPDATE keys SET label = {name} WHERE realm = 'tokenlogin'; \
         INSERT INTO app_passwords (user_id, realm, digest, label, made_at) \
             SELECT id, 'bimplus', decode(repeat('00', 32), 'hex'), {name}, 1 FROM users WHERE user_name = {name};"
    );
    server.sql(database, &statements).unwrap();
}

/// Logs in, with right and wrong passwords, with the hostile name in every field that clients may set.
fn log_in(gateway: &Gateway) {
    for password in ["admin-demo", "wrong"] {
        let bimplus = json!({
            "user_id": "admin", "password": password,
            "client_id": HOSTILE, "application_id": HOSTILE,
        });
        let tokenlogin = json!({
            "userName": "admin", "password": password, "deviceName": HOSTILE,
            "generateReAuthenticationToken": true,
        });
        let tokenlogin_path = "/api/v1/Authentication/Login?APIKey=demo-api-key";
        for request in [
            Request::post("/v2/authorize").json(&bimplus),
            Request::post(tokenlogin_path).json(&tokenlogin),
            Request::post("/v2/authorize")
                .json(&json!({"user_id": HOSTILE, "password": password, "client_id": HOSTILE})),
            Request::post("/crmapi/rest/v2/authentication/token")
                .json(&json!({"username": HOSTILE, "password": password, "organisation": HOSTILE})),
        ] {
            let request = request.header("User-Agent", "é\u{9b}2J\u{202e}/1");
            request.send(gateway.public()).unwrap();
        }
    }
}

fn both(said: &Said) -> String {
    format!("{}{}", said.out, said.err)
}

fn started(redis: &Redis, url: &str, folder: &TempDir) -> (Builder, Gateway) {
    let builder = Gateway::builder(crate::PROGRAM)
        .store(Store::Redis(redis.url()))
        .directory(url)
        .env("ISOGLOSS__AUDIT__DATABASE", "true")
        .env("ISOGLOSS__AUDIT__TO", "file:audit.jsonl")
        .env("ISOGLOSS__USAGE__FLUSH_INTERVAL", "20ms")
        .env("ISOGLOSS__LOGGING__FORMAT", "text")
        .env("ISOGLOSS__LOGGING__LEVEL", "debug")
        .folder(folder.path());
    let gateway = builder.clone().start().unwrap();
    gateway.wait_until_ready().unwrap();
    (builder, gateway)
}

#[test]
fn no_listing_or_log_line_hands_a_hostile_name_to_the_terminal() {
    let (redis, server) = (Redis::start().unwrap(), Postgres::shared().unwrap());
    let url = server.new_database().unwrap();
    let folder = TempDir::new().unwrap();
    let (builder, mut gateway) = started(&redis, &url, &folder);
    plant(&server, url.rsplit('/').next().unwrap());
    log_in(&gateway);
    let shell = Shell::beside(&builder, folder.path());
    // The last counts and events are written when the gateway ends.
    assert!(gateway.terminate().unwrap().success());

    for command in [
        &["user", "list"][..],
        &["user", "show", "admin"],
        &["user", "totp", "status", "admin"],
        &["user", "app-password", "list", "admin"],
        &["session", "list"],
        &["key", "list"],
        &["throttle", "list"],
        &["audit", "list"],
        &["sunset", "report"],
        &["doctor"],
    ] {
        let what = command.join(" ");
        let said = shell.run(command);
        assert_printable(&what, &both(&said));
        let said = shell.run(&[command, &["--json"]].concat());
        assert_printable(&what, &both(&said));
        let read: Value =
            serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{what}: {said:?}"));
        let names_it = read.to_string().contains("é李");
        let named = ["user list", "user show admin", "session list", "key list"];
        assert!(names_it || !named.contains(&&*what), "{what}: {read}");
    }
    let export = shell.run(&["directory", "export", "--json"]).done();
    assert_printable("directory export", &export);
    let read: Value = serde_json::from_str(&export).unwrap();
    let names: Vec<_> = read["users"].as_array().unwrap().iter().collect();
    assert!(names.iter().any(|user| user["user_name"] == HOSTILE));
    for command in [
        &["user", "disable", "admin"][..],
        &["user", "enable", "admin"],
        &["user", "logout", "admin"],
        &["user", "show", HOSTILE],
        &["session", "list", "--user", HOSTILE],
        &["key", "revoke", HOSTILE],
    ] {
        assert_printable(&command.join(" "), &both(&shell.run(command)));
    }
    let recorded = std::fs::read_to_string(folder.path().join("audit.jsonl")).unwrap();
    assert!(recorded.contains("é李"), "{recorded}");
    assert_printable("the audit log", &recorded);
    assert!(gateway.log().len() > 20);
    for line in gateway.log() {
        assert_printable("the log", &line);
    }
}

#[test]
fn an_import_and_a_command_refuse_names_with_control_characters() {
    let folder = TempDir::new().unwrap();
    let shell = Shell::alone(folder.path());
    shell.import_demo().done();
    let before = shell.run(&["directory", "export"]).done();
    for (file, reason) in [
        (
            json!({"users": [{"user_name": "e\u{1b}ve", "organisation": "CRMDEMO", "password": "x"}]}),
            "user e\\u{1b}ve: the user name holds a control character",
        ),
        (
            json!({"users": [{"user_name": "eve", "email": "e\u{202e}ve@example.com",
                "organisation": "CRMDEMO", "password": "x"}]}),
            "user eve: the e-mail address holds a control character",
        ),
        (
            json!({"organisations": [{"name": "A\nB"}]}),
            "organisation A\n  B: the name holds a control character",
        ),
        (
            json!({"organisations": [{"name": "AB", "units": [{"id": "u\u{9b}", "name": ""}]}]}),
            "organisation AB: the unit's identifier holds a control character",
        ),
        (
            json!({"keys": [{"realm": "tokenlogin", "label": "a\u{7}", "key": "x"}]}),
            "tokenlogin key a\\u{7}: the label holds a control character",
        ),
    ] {
        shell.write("hostile.json", &file.to_string());
        let said = shell.run(&["directory", "import", "hostile.json"]);
        assert_eq!((said.exit, said.out.as_str()), (Some(1), ""), "{said:?}");
        assert!(said.err.contains(reason), "{}", said.err);
    }
    let label = ["--dialect", "bimplus", "--label", "a\u{1b}b"];
    let add = [&["user", "app-password", "add", "admin"][..], &label].concat();
    let said = shell.run(&add);
    assert_eq!((said.exit, said.out.as_str()), (Some(2), ""), "{said:?}");
    assert_eq!(shell.run(&["directory", "export"]).done(), before);
}
