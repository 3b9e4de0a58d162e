//! `isogloss key` next to a running gateway.

mod limits;

use isogloss_testkit::{Gateway, Request};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::shell::{Said, Shell};

struct Fixture {
    folder: TempDir,
    gateway: Gateway,
    shell: Shell,
}

fn fixture() -> Fixture {
    let folder = TempDir::new().unwrap();
    let builder = Gateway::builder(crate::PROGRAM)
        .env("ISOGLOSS__AUDIT__TO", "file:audit.jsonl")
        .env("ISOGLOSS__AUDIT__DATABASE", "false")
        .folder(folder.path());
    let shell = Shell::beside(&builder, folder.path());
    let gateway = builder.start().unwrap();
    gateway.wait_until_ready().unwrap();
    Fixture {
        folder,
        gateway,
        shell,
    }
}

impl Fixture {
    fn run(&self, arguments: &[&str]) -> Said {
        self.shell.run(arguments)
    }

    /// Creates a key and returns the command's JSON output.
    fn add(&self, realm: &str, label: &str, more: &[&str]) -> Value {
        let add = ["key", "add", "--realm", realm, "--label", label, "--json"];
        self.run(&[&add[..], more].concat()).json()
    }

    /// Calls a route of administrators with a key. Returns status and JSON body.
    fn ask(&self, method: &str, target: &str, key: &str) -> (u16, Value) {
        let bearer = format!("Bearer {key}");
        let request = Request::new(method, target).header("Authorization", bearer);
        let answer = request.send(self.gateway.management()).unwrap();
        (answer.status, answer.json().unwrap())
    }

    fn introspect(&self, key: &str) -> u16 {
        let bearer = format!("Bearer {key}");
        let request = Request::post("/introspect").header("Authorization", bearer);
        let request = request.form("token=x");
        request.send(self.gateway.management()).unwrap().status
    }

    fn events(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.path().join("audit.jsonl")).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

#[test]
fn a_key_opens_what_its_scopes_say_until_it_is_revoked() {
    let f = fixture();
    let scope = ["--scope", "sessions:read", "--scope", "users:read"];
    let made = f.add("admin", "help desk", &scope);
    let key = made["key"].as_str().unwrap();
    assert_eq!(key.len(), 40);
    assert_eq!(f.ask("GET", "/admin/sessions", key).0, 200);
    for (method, target, scope) in [
        ("DELETE", "/admin/sessions?all=true", "sessions:write"),
        ("GET", "/admin/throttle", "throttle:read"),
        ("DELETE", "/admin/throttle?all=true", "throttle:write"),
    ] {
        let reason = format!("the key lacks the scope {scope}");
        let refused = (403, json!({ "reason": reason }));
        assert_eq!(f.ask(method, target, key), refused, "{target}");
    }
    assert_eq!(f.introspect(key), 401, "a key is valid in its realm only");

    let id = made["id"].as_str().unwrap();
    let said = f.run(&["key", "revoke", &id[..6]]).done();
    assert_eq!(said, format!("help desk (admin, {id}): revoked\n"));
    assert_eq!(f.ask("GET", "/admin/sessions", key).0, 401);
    let again = f.run(&["key", "revoke", "help desk"]).refused();
    assert_eq!(again, "help desk: no such key");

    let events = f.events();
    let of = |event: &str| events.iter().find(|one| one["event"] == event).unwrap();
    let target = format!("admin key {id} help desk");
    for event in ["add_key", "revoke_key"] {
        assert_eq!(of(event)["target"], target);
        assert_eq!(of(event)["actor"], "command line");
    }
    assert!(!events.iter().any(|event| event.to_string().contains(key)));
}

#[test]
fn keys_of_services_have_scopes_too() {
    let f = fixture();
    let key = |label: &str, scope: &str| {
        let made = f.add("introspection", label, &["--scope", scope]);
        made["key"].as_str().unwrap().to_owned()
    };
    assert_eq!(f.introspect(&key("billing", "tokens:introspect")), 200);
    assert_eq!(f.introspect(&key("archive", "tokens:exchange")), 403);
}

#[test]
fn a_list_shows_every_key_and_the_text_of_none() {
    let f = fixture();
    let made = f.add(
        "admin",
        "night shift",
        &[
            "--scope",
            "throttle:read",
            "--expires-at",
            "2099-01-01T00:00:00Z",
        ],
    );
    let all = f.run(&["key", "list", "--json"]).json();
    let all = all.as_array().unwrap();
    let found = all
        .iter()
        .find(|key| key["label"] == "night shift")
        .unwrap();
    assert_eq!(
        *found,
        json!({
            "id": made["id"], "realm": "admin", "label": "night shift", "user": null,
            "scopes": ["throttle:read"], "dialects": null, "audiences": null,
            "expires_at": "2099-01-01T00:00:00Z",
        })
    );
    let table = f.run(&["key", "list"]).done();
    let (heading, rows) = table.split_once('\n').unwrap();
    let columns: Vec<_> = heading.split_whitespace().collect();
    assert_eq!(
        columns,
        [
            "ID",
            "REALM",
            "LABEL",
            "USER",
            "SCOPES",
            "DIALECTS",
            "AUDIENCES",
            "EXPIRES"
        ]
    );
    assert_eq!(rows.lines().count(), all.len());
    assert!(rows.contains("night shift") && rows.contains("throttle:read"));
    for secret in [made["key"].as_str().unwrap(), "demo-admin-key"] {
        assert!(!table.contains(secret));
    }
}

#[test]
fn a_key_may_be_brought_along_and_act_as_a_user() {
    let f = fixture();
    let add = [
        "key",
        "add",
        "--realm",
        "crmcom",
        "--label",
        "web shop",
        "--user",
        "sample",
        "--key-stdin",
    ];
    let said = f.shell.run_with(&add, "the-key-of-the-web-shop\n").done();
    assert!(!said.contains("the-key-of-the-web-shop"), "{said}");
    let basic = data_encoding::BASE64.encode(b"the-key-of-the-web-shop:");
    let login = Request::post("/crmapi/rest/v2/authentication/web_api_key/token");
    let login = login
        .header("Authorization", format!("Basic {basic}"))
        .json(&json!({}));
    let answer = login.send(f.gateway.public()).unwrap().json().unwrap();
    assert_eq!(answer["status"]["code"], "OK", "{answer}");
    let twice = f.shell.run_with(
        &[&add[..4], &["--label", "other", "--key-stdin"][..]].concat(),
        "the-key-of-the-web-shop\n",
    );
    assert_eq!(twice.refused(), "the realm crmcom already has this key");
}

#[test]
fn a_key_that_can_be_guessed_is_refused_unless_it_is_allowed() {
    let f = fixture();
    let add = |realm: &str, label: &str, more: &[&str]| {
        let add = [
            "key",
            "add",
            "--realm",
            realm,
            "--label",
            label,
            "--key-stdin",
        ];
        let weak = format!("password{label}password\n");
        f.shell.run_with(&[&add[..], more].concat(), &weak)
    };
    let reason = "the key can be guessed: create a random one, or allow a weak one that is in use \
                  already";
    let refused = add("crmcom", "shop", &[]);
    let said = format!("isogloss: key add: {reason}\n");
    assert_eq!((refused.exit, refused.err), (Some(2), said));
    add("crmcom", "shop", &["--allow-weak"]).done();
    add("bimplus", "cad", &[]).done();

    let admin = f.add("admin", "desk", &[]);
    let admin = admin["key"].as_str().unwrap();
    let post = |body: &Value| {
        let request =
            Request::post("/admin/keys").header("Authorization", format!("Bearer {admin}"));
        let answer = request.json(body).send(f.gateway.management()).unwrap();
        (answer.status, answer.json().unwrap())
    };
    let mut body = json!({"realm": "introspection", "label": "by API", "key": "passwordpassword"});
    assert_eq!(post(&body), (400, json!({"reason": reason})));
    body["allow_weak"] = json!(true);
    assert_eq!(post(&body).0, 201);
    assert_eq!(f.introspect("passwordpassword"), 200);
}

#[test]
fn what_makes_no_sense_is_told_and_not_done() {
    let f = fixture();
    let refused = |more: &[&str], exit: i32, reason: &str| {
        let said = f.run(&[&["key", "add"][..], more].concat());
        assert_eq!(said.exit, Some(exit), "{said:?}");
        assert!(said.err.contains(reason), "{said:?}");
    };
    let before = f.run(&["key", "list"]).done();
    let admin = ["--realm", "admin", "--label"];
    let with = |label, more: &[&'static str]| [&admin[..], &[label][..], more].concat();
    refused(
        &with("demo", &[]),
        1,
        "a key demo of the realm admin already exists",
    );
    refused(&with("x", &["--user", "nobody"]), 1, "nobody: no such user");
    refused(
        &with("x", &["--scope", "tokens:exchange"]),
        2,
        "tokens:exchange: no such scope of the realm admin",
    );
    refused(
        &with("x", &["--scope", "moons:read"]),
        2,
        "invalid value 'moons:read'",
    );
    refused(&with("", &[]), 2, "the label is empty");
    refused(
        &with("x", &["--expires-at", "tomorrow"]),
        2,
        "expected a time such as",
    );
    refused(
        &["--realm", "moon", "--label", "x"],
        2,
        "invalid value 'moon'",
    );
    let short = [&["key", "add"][..], &with("x", &["--key-stdin"])[..]].concat();
    let short = f.shell.run_with(&short, "short\n");
    assert_eq!(short.exit, Some(2), "{short:?}");
    assert!(
        short.err.contains("16 to 200 printable ASCII characters"),
        "{short:?}"
    );
    let ambiguous = f.run(&["key", "revoke", "demo"]);
    assert_eq!(ambiguous.exit, Some(1));
    assert!(
        ambiguous.err.contains("give the realm or the identifier"),
        "{ambiguous:?}"
    );
    assert_eq!(f.run(&["key", "list"]).done(), before);
}
