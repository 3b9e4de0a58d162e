//! Usage counts: what they distinguish, that they add up, and that they are bounded.

use isogloss_testkit::dialects::{TestUser, TokenKind, dialect};
use isogloss_testkit::{Builder, Postgres, Request};
use serde_json::{Value, json};

use crate::sunset::{builder, report};

pub(super) fn calls(count: u64) -> impl Fn(&Value) -> bool {
    move |report| report["calls"] == count
}

/// Returns the only client of a report.
fn only(report: &Value) -> &Value {
    assert_eq!(report["clients"].as_array().unwrap().len(), 1, "{report}");
    &report["clients"][0]
}

fn texts(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect()
}

#[test]
fn each_dialect_tells_revision_endpoint_and_client() {
    let gateway = builder().start().unwrap();
    let user = TestUser::admin();
    for (dialect, login) in user.logins() {
        let login = login.header("User-Agent", "LegacyClient/3.1.4 (secret place)");
        let answer = login.send(gateway.public()).unwrap();
        assert_eq!(answer.status, 200, "{dialect}");
    }
    for (dialect, revision, endpoint, key, client) in [
        (
            "bimplus",
            "v2",
            "/v2/authorize",
            Value::Null,
            json!(user.client),
        ),
        (
            "crmcom",
            "r6",
            "/crmapi/rest/v2/authentication/token",
            Value::Null,
            Value::Null,
        ),
        (
            "tokenlogin",
            "v1",
            "/api/v1/authentication/login",
            json!("demo"),
            json!(user.client),
        ),
        (
            "memsource",
            "v3",
            "/web/api/v3/auth/login",
            Value::Null,
            Value::Null,
        ),
    ] {
        let report = report(builder, &gateway, dialect, calls(1));
        let seen = only(&report);
        assert_eq!(seen["user_agent"], "LegacyClient/3", "{dialect}");
        assert_eq!(seen["network"], "127.0.0.0/24", "{dialect}");
        assert_eq!(texts(&seen["endpoints"]), [endpoint], "{dialect}");
        assert_eq!(texts(&seen["revisions"]), [revision], "{dialect}");
        assert_eq!((&seen["users"], &seen["refused"]), (&json!(1), &json!(0)));
        assert_eq!(
            (&seen["key"], &seen["client"]),
            (&key, &client),
            "{dialect}"
        );
        let verdict = report["verdict"].as_str().unwrap();
        assert!(
            verdict.starts_with("1 client, 1 user, last seen "),
            "{verdict}"
        );
    }
}

#[test]
fn a_refusal_counts_as_one_whatever_its_status() {
    let gateway = builder().start().unwrap();
    let stranger = TestUser {
        password: "wrong".to_owned(),
        ..TestUser::admin()
    };
    for (dialect, login) in stranger.logins() {
        login.send(gateway.public()).unwrap();
        let report = report(builder, &gateway, dialect, calls(1));
        assert_eq!(report["refused"], 1, "{dialect}");
        assert_eq!(report["last_served"], Value::Null, "{dialect}");
        let verdict = report["verdict"].as_str().unwrap();
        assert!(
            verdict.starts_with("no successful logins: 1 call refused"),
            "{verdict}"
        );
    }
    // A preflight request of a browser does not count as use.
    let preflight = Request::new("OPTIONS", "/v2/authorize")
        .header("Origin", "https://app.example")
        .header("Access-Control-Request-Method", "POST");
    preflight.send(gateway.public()).unwrap();
    Request::get("/v2/nowhere").send(gateway.public()).unwrap();
    report(builder, &gateway, "bimplus", calls(2));
}

#[test]
fn services_that_ask_about_a_token_use_its_dialect() {
    let gateway = builder().start().unwrap();
    let held = TestUser::admin().every_token(gateway.public()).unwrap();
    let token = &held
        .iter()
        .find(|held| held.kind == TokenKind::of("crmcom", "access"))
        .unwrap()
        .text;
    Request::post("/introspect")
        .header("Authorization", "Bearer demo-introspection-key")
        .header("User-Agent", "billing/2")
        .form(format!("token={token}"))
        .send(gateway.management())
        .unwrap();
    Request::get("/forward-auth/crmcom")
        .header("X-Forwarded-Uri", format!("/x?token={token}"))
        .header("User-Agent", "OldApp/1.0")
        .send(gateway.management())
        .unwrap();
    let report = report(builder, &gateway, "crmcom", calls(3));
    let clients = report["clients"].as_array().unwrap();
    for (user_agent, endpoint) in [("billing/2", "/introspect"), ("OldApp/1", "/forward-auth")] {
        let found = clients
            .iter()
            .find(|client| client["user_agent"] == user_agent);
        let found = found.unwrap_or_else(|| panic!("{user_agent}: {report}"));
        assert_eq!(texts(&found["endpoints"]), [endpoint]);
        assert_eq!(found["users"], 1, "{user_agent}");
        assert_eq!(found["refused"], 0, "{user_agent}");
    }
}

fn two_gateways_add_up(shared: &dyn Fn() -> Builder) {
    let (one, mut other) = (shared().start().unwrap(), shared().start().unwrap());
    for gateway in [&one, &other, &other] {
        gateway.wait_until_ready().unwrap();
        let login = TestUser::admin().device_login(&dialect("memsource"));
        assert_eq!(login.send(gateway.public()).unwrap().status, 200);
    }
    // The last counts are written when the gateway ends.
    assert!(other.terminate().unwrap().success());
    let report = report(shared, &one, "memsource", calls(3));
    assert_eq!(only(&report)["users"], 1);
}

#[test]
fn gateways_on_one_sqlite_file_add_up() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("directory.db").display());
    two_gateways_add_up(&|| builder().directory(&url));
}

#[test]
fn gateways_on_one_postgres_add_up() {
    let server = Postgres::shared().unwrap();
    let url = server.new_database().unwrap();
    two_gateways_add_up(&|| builder().directory(&url));
}

#[test]
fn counts_survive_a_restart_that_comes_before_they_are_due() {
    let slow = || builder().env("ISOGLOSS__USAGE__FLUSH_INTERVAL", "1h");
    let mut gateway = slow().start().unwrap();
    let login = TestUser::admin().device_login(&dialect("bimplus"));
    login.send(gateway.public()).unwrap();
    assert!(gateway.terminate().unwrap().success());
    report(slow, &gateway, "bimplus", calls(1));
}

#[test]
fn invented_clients_fill_nothing_and_hide_nobody() {
    let small = || builder().env("ISOGLOSS__USAGE__MAX_ROWS", "40");
    let gateway = small().start().unwrap();
    for number in 0..300 {
        Request::post("/web/api/v3/auth/login")
            .header("User-Agent", format!("Scanner{number}/1"))
            .form("userName=admin&password=")
            .send(gateway.public())
            .unwrap();
    }
    let login = TestUser::admin().device_login(&dialect("memsource"));
    login
        .header("User-Agent", "RealClient/1")
        .send(gateway.public())
        .unwrap();
    let report = report(small, &gateway, "memsource", calls(301));
    let clients = report["clients"].as_array().unwrap();
    assert!(clients.len() <= 12, "{}", clients.len());
    let of = |user_agent: &str| clients.iter().find(|c| c["user_agent"] == user_agent);
    assert!(of("(unknown)").unwrap()["calls"].as_u64().unwrap() >= 290);
    assert_eq!(of("RealClient/1").unwrap()["calls"], 1);
    assert!(
        report["verdict"]
            .as_str()
            .unwrap()
            .starts_with("1 client, 1 user, ")
    );
}
