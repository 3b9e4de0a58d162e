//! What the forms do, without scripts: each is recorded with the key as the actor, and the next page says what was done.

use isogloss_testkit::{Gateway, Request};
use serde_json::{Value, json};

use super::{Tab, admin, id_of, start};
use crate::audit::events::of_file;

fn login(gateway: &Gateway, user: &str, password: &str) -> u16 {
    let body = json!({"user_id": user, "password": password});
    let request = Request::post("/v2/authorize").json(&body);
    request.send(gateway.public()).unwrap().status
}

/// Returns the text of a key or an application password that a page shows once.
fn secret(page: &str) -> String {
    let (_, rest) = page.split_once("id=\"secret\">").unwrap();
    rest.split('<').next().unwrap().to_owned()
}

/// Waits until the audit log has an event of that kind, and returns the last one.
fn recorded(gateway: &Gateway, kind: &str) -> Value {
    let path = gateway.folder().join("data/audit.jsonl");
    let mut found = None;
    let come = isogloss_testkit::servers::wait_until(kind, || {
        let mut events = of_file(&path).into_iter();
        found = events.rfind(|event| event["event"] == kind);
        found.is_some()
    });
    come.unwrap();
    let event = found.unwrap();
    assert_eq!(event["actor"], "key demo", "{event}");
    assert_eq!(event["source"], "127.0.0.1", "{event}");
    event
}

#[test]
fn everything_that_can_be_done_to_a_person_works_without_scripts() {
    let gateway = start(|builder| builder);
    let tab = Tab::open(&gateway, "demo-admin-key");
    let guarded = format!("/console/people/{}", id_of(&gateway, "guarded"));
    let linguist = format!("/console/people/{}", id_of(&gateway, "linguist"));

    assert_eq!(login(&gateway, "linguist", "linguist-demo"), 200);
    assert!(tab.page(&linguist).contains("bimplus"));
    let page = tab.act(&format!("{linguist}/sessions"), &[]);
    assert!(page.contains("The sessions have ended."), "{page}");
    assert_eq!(recorded(&gateway, "end_sessions")["count"], 1);

    let page = tab.act(&format!("{linguist}/state"), &[("state", "disabled")]);
    assert!(page.contains("The user is disabled"), "{page}");
    recorded(&gateway, "disable_user");
    assert_ne!(login(&gateway, "linguist", "linguist-demo"), 200);
    let page = tab.act(&format!("{linguist}/state"), &[("state", "active")]);
    assert!(page.contains("The user is enabled."), "{page}");
    assert_eq!(login(&gateway, "linguist", "linguist-demo"), 200);

    let page = tab.act(&format!("{linguist}/invite"), &[]);
    assert!(page.contains("The invitation is on its way."), "{page}");
    recorded(&gateway, "invite_user");

    assert!(tab.page(&guarded).contains("Switch the second factor off"));
    let page = tab.act(&format!("{guarded}/second-factor"), &[]);
    assert!(page.contains("The second factor is off."), "{page}");
    recorded(&gateway, "disable_totp");
    assert_eq!(
        tab.post(&format!("{guarded}/second-factor"), &[]).status,
        409
    );

    let fields = [("dialect", "bimplus"), ("label", "CAD <b>")];
    let page = tab.post(&format!("{linguist}/app-passwords"), &fields);
    assert_eq!(page.status, 200);
    let password = secret(&page.text());
    assert_eq!(login(&gateway, "linguist", &password), 200);
    recorded(&gateway, "add_app_password");
    let page = tab.page(&linguist);
    assert!(
        page.contains("CAD &lt;b&gt;") && !page.contains(&password),
        "{page}"
    );
    let (_, rest) = page.split_once("name=\"id\" value=\"").unwrap();
    let id = rest.split('"').next().unwrap();
    let page = tab.act(&format!("{linguist}/app-passwords/revoke"), &[("id", id)]);
    assert!(
        page.contains("The application password is revoked"),
        "{page}"
    );
    assert_ne!(login(&gateway, "linguist", &password), 200);
}

#[test]
fn wrong_attempts_are_shown_with_their_causes_and_forgiven() {
    let gateway = start(isogloss_testkit::Builder::demo_budgets);
    let tab = Tab::open(&gateway, "demo-admin-key");
    let linguist = format!("/console/people/{}", id_of(&gateway, "linguist"));
    for _ in 0..20 {
        login(&gateway, "linguist", "wrong");
    }
    assert_ne!(login(&gateway, "linguist", "linguist-demo"), 200, "locked");
    let mut page = String::new();
    let shown = isogloss_testkit::servers::wait_until("the attempts are in the table", || {
        page = tab.page(&linguist);
        let attempts = page.split_once("<h2>Last attempts</h2>");
        attempts.is_some_and(|(_, attempts)| {
            attempts.contains(">wrong_password<") && attempts.contains(">locked<")
        })
    });
    shown.unwrap_or_else(|_| panic!("{page}"));
    assert!(page.contains(">locked<"), "{page}");
    let throttle = tab.page("/console/throttle?user=linguist");
    assert!(throttle.contains(">locked<") && throttle.contains("Clear all that match"));
    let page = tab.act(&format!("{linguist}/forgive"), &[]);
    assert!(
        page.contains("The counted attempts and their locks are cleared."),
        "{page}"
    );
    assert_eq!(login(&gateway, "linguist", "linguist-demo"), 200);
    assert_eq!(
        tab.post("/console/throttle/clear", &[]).status,
        400,
        "names nothing"
    );
    let page = tab.act("/console/throttle/clear", &[("source", "127.0.0.1")]);
    assert!(page.contains("No attempts are counted."), "{page}");
}

#[test]
fn keys_are_created_shown_once_and_revoked() {
    let gateway = start(|builder| builder);
    let tab = Tab::open(&gateway, "demo-admin-key");
    let fields = [
        ("realm", "introspection"),
        ("label", "billing"),
        ("scope", "tokens:introspect"),
        ("scope", "users:read"),
        ("dialect", "bimplus"),
        ("audiences", "archive ledger"),
        ("days", "30"),
    ];
    let page = tab.post("/console/keys", &fields);
    assert_eq!(page.status, 200, "{}", page.text());
    let text = secret(&page.text());
    recorded(&gateway, "add_key");
    let keys = admin(&gateway, "GET", "/admin/keys", None);
    let keys = keys["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["label"] == "billing").unwrap();
    assert_eq!(key["scopes"], json!(["tokens:introspect"]));
    assert_eq!(key["dialects"], json!(["bimplus"]));
    assert_eq!(key["audiences"], json!(["archive", "ledger"]));
    assert!(key["expires_at"].is_string());
    let page = tab.page("/console/keys?realm=introspection");
    assert!(page.contains("billing") && !page.contains(&text), "{page}");
    assert_eq!(
        tab.post("/console/keys", &fields).status,
        409,
        "the label is in use"
    );
    let id = key["id"].as_str().unwrap();
    let page = tab.act(
        "/console/keys/revoke",
        &[("id", id), ("realm", "introspection")],
    );
    assert!(page.contains("The key is revoked."), "{page}");
    let check = Request::post("/introspect")
        .header("Authorization", format!("Bearer {text}"))
        .form("token=x");
    assert_eq!(check.send(gateway.management()).unwrap().status, 401);
    // The key of this very session.
    let demo = keys
        .iter()
        .find(|key| key["label"] == "demo" && key["realm"] == "admin");
    let id = demo.unwrap()["id"].as_str().unwrap();
    let own = tab.post("/console/keys/revoke", &[("id", id), ("realm", "admin")]);
    assert_eq!(own.header("Location"), Some("/console"));
    assert_eq!(
        tab.get("/console").header("Location"),
        Some("/console/sign-in")
    );
}

#[test]
fn lists_have_pages_and_files() {
    let gateway = start(|builder| builder);
    for number in 0..60 {
        let user = json!({"user_name": format!("page{number:02}"), "organisation": "CRMDEMO", "password": null});
        admin(&gateway, "POST", "/admin/users", Some(&user));
    }
    let tab = Tab::open(&gateway, "demo-admin-key");
    let first = tab.page("/console/people?search=page");
    assert_eq!(first.matches(">page").count(), 50);
    let (_, rest) = first.split_once("<nav class=\"pages\"").unwrap();
    let (_, rest) = rest.split_once("href=\"").unwrap();
    let next = rest.split('"').next().unwrap().replace("&amp;", "&");
    let second = tab.page(&next);
    assert_eq!(second.matches(">page").count(), 10);
    assert!(second.contains("page59") && !second.contains("class=\"pages\""));
    assert!(
        tab.page("/console/people?search=no-such-one")
            .contains("There is no such user.")
    );
    for query in ["after=x", "organisation=none", "state=none"] {
        let page = tab.page(&format!("/console/people?{query}"));
        assert!(page.contains("<p role=\"alert\">"), "{query}: {page}");
    }

    let csv = tab.page("/console/way-over/users.csv?which=never");
    assert!(csv.starts_with("user_name,email,organisation"), "{csv}");
    assert!(
        csv.contains("\"page07\",\"\",\"CRMDEMO\",\"active\",\"\",\"none\",\"\""),
        "{csv}"
    );
    let way_over = tab.page("/console/way-over");
    assert!(way_over.contains("Without a password here"), "{way_over}");
    let mut file = String::new();
    let written = isogloss_testkit::servers::wait_until("the events are in the table", || {
        file = tab.page("/console/audit/events.jsonl?event=add_user");
        file.lines().count() == 60
    });
    written.unwrap_or_else(|_| panic!("{file}"));
    assert!(
        file.lines()
            .all(|line| serde_json::from_str::<Value>(line).is_ok())
    );
}

#[test]
fn the_page_of_a_dialect_says_which_client_a_change_would_have_refused() {
    let gateway = start(|builder| builder.config_text("[usage]\nflush_interval = \"100ms\"\n"));
    let body = json!({"user_id": "linguist", "password": "linguist-demo"});
    let request = Request::post("/v2/authorize")
        .header("User-Agent", "Drawing \"Board\"/3.1")
        .json(&body);
    assert_eq!(request.send(gateway.public()).unwrap().status, 200);
    let tab = Tab::open(&gateway, "demo-admin-key");
    let mut page = String::new();
    let counted = isogloss_testkit::servers::wait_until("the client is counted", || {
        page = tab.page("/console/dialects/bimplus?plan=switch-off");
        page.contains("Clients that it would have refused in the last week")
    });
    counted.unwrap_or_else(|_| panic!("{page}"));
    assert!(
        page.contains("[sunset.bimplus]") && page.contains("then = &quot;refuse&quot;"),
        "{page}"
    );
    let (_, rest) = page
        .split_once("href=\"/console/dialects/bimplus?plan=cut-off")
        .unwrap();
    let query = rest.split('"').next().unwrap().replace("&amp;", "&");
    let page = tab.page(&format!("/console/dialects/bimplus?plan=cut-off{query}"));
    assert!(
        page.contains("cut_off") && page.contains("user_agent = "),
        "{page}"
    );
    assert!(
        page.contains("Clients that it would have refused"),
        "{page}"
    );
    let other = tab.page("/console/dialects/bimplus?plan=cut-off&user_agent=Other");
    assert!(other.contains("it would have refused no client"), "{other}");
    assert_eq!(tab.get("/console/dialects/bimplus?plan=none").status, 400);
    assert_eq!(tab.get("/console/dialects/none").status, 404);
}
