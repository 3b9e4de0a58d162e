//! Usage that lasts: day by day, and by name.

use isogloss_testkit::dialects::{TestUser, dialect};
use isogloss_testkit::{Builder, Gateway, Request};
use serde_json::Value;

use super::usage::calls;
use crate::sunset::{builder, isogloss, report};

fn short() -> Builder {
    builder()
        .env("ISOGLOSS__USAGE__KEEP", "1s")
        .env("ISOGLOSS__AUDIT__DATABASE", "true")
}

/// Returns status and body of a route of the admin API.
fn ask(gateway: &Gateway, path: &str, key: &str) -> (u16, Value) {
    let request = Request::get(path).header("Authorization", format!("Bearer {key}"));
    let answer = request.send(gateway.management()).unwrap();
    (answer.status, answer.json().unwrap_or_default())
}

fn log_in(gateway: &Gateway, user: &TestUser, dialect_name: &str) {
    let login = user.device_login(&dialect(dialect_name));
    let login = login.header("User-Agent", "okhttp/4.12");
    assert_eq!(login.send(gateway.public()).unwrap().status, 200);
}

#[test]
fn a_dialect_is_known_to_be_used_by_whom_and_when_although_its_clients_are_forgotten() {
    let mut gateway = short().start().unwrap();
    let ada = TestUser::admin();
    log_in(&gateway, &ada, "tokenlogin");
    log_in(&gateway, &ada, "tokenlogin");
    report(short, &gateway, "tokenlogin", calls(2));

    let admin = "demo-admin-key";
    let (status, body) = ask(&gateway, "/admin/usage/users?dialect=tokenlogin", admin);
    assert_eq!((status, &body["next"]), (200, &Value::Null), "{body}");
    let users = body["users"].as_array().unwrap();
    assert_eq!(users.len(), 1, "{body}");
    let user = &users[0];
    assert_eq!(user["user"], ada.name.as_str());
    assert_eq!(user["address"], "127.0.0.1");
    assert_eq!(user["user_agent"], "okhttp/4");
    assert!(user["client"].is_string(), "{body}");
    assert_eq!(user["last_login"], user["last_used"]);
    let of_user = format!("/admin/usage/users?user={}", ada.name);
    assert_eq!(ask(&gateway, &of_user, admin).1["users"], body["users"]);

    let (_, days) = ask(&gateway, "/admin/usage/days?dialect=tokenlogin", admin);
    let day = &days["days"][0];
    for (member, expected) in [
        ("calls", 2),
        ("logins", 2),
        ("refused", 0),
        ("clients", 1),
        ("users", 1),
    ] {
        assert_eq!(day[member], expected, "{member} in {days}");
    }
    let (_, clients) = ask(&gateway, "/admin/usage/days?clients=true&limit=1", admin);
    assert_eq!(
        clients["days"][0]["client"]["user_agent"], "okhttp/4",
        "{clients}"
    );
    let next = clients["next"].as_str().unwrap();
    let (_, rest) = ask(
        &gateway,
        &format!("/admin/usage/days?clients=true&after={next}"),
        admin,
    );
    assert_eq!(rest["days"], serde_json::json!([]));

    let (_, sessions) = ask(&gateway, "/admin/sessions", admin);
    let addresses = sessions["sessions"].as_array().unwrap().iter();
    let addresses: Vec<_> = addresses.map(|session| &session["login_address"]).collect();
    assert!(
        !addresses.is_empty() && addresses.iter().all(|address| **address == "127.0.0.1"),
        "{sessions}"
    );

    for (path, status) in [
        ("/admin/usage/users", 400),
        ("/admin/usage/users?dialect=klingon", 400),
        ("/admin/usage/users?user=nobody-of-that-name", 404),
        ("/admin/usage/users?dialect=bimplus&after=x", 400),
        ("/admin/usage/days?since=yesterday", 400),
        ("/admin/usage/days?dialect=klingon", 400),
    ] {
        assert_eq!(ask(&gateway, path, admin).0, status, "{path}");
    }

    // The next start removes the rows of clients that were last seen more than a second ago.
    assert!(gateway.terminate().unwrap().success());
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let gateway = short().folder(gateway.folder()).start().unwrap();
    let found = report(short, &gateway, "tokenlogin", calls(0));
    let verdict = found["verdict"].as_str().unwrap();
    assert!(verdict.starts_with("last used "), "{verdict}");
    assert!(
        found["last_served"].is_string() && found["counted_since"].is_string(),
        "{found}"
    );
    for (option, text) in [("--users", "okhttp/4"), ("--days", "tokenlogin")] {
        let output = isogloss(&short(), &gateway, &["sunset", "report", option]);
        assert!(output.status.success(), "{output:?}");
        let output = String::from_utf8(output.stdout).unwrap();
        assert!(output.contains(text), "{output}");
    }
}

#[test]
fn users_by_name_need_both_scopes() {
    let gateway = builder().start().unwrap();
    let key = |label: &str, scopes: &[&str]| {
        let request = Request::post("/admin/keys")
            .header("Authorization", "Bearer demo-admin-key")
            .json(&serde_json::json!({"realm": "admin", "label": label, "scopes": scopes}));
        let answer = request.send(gateway.management()).unwrap();
        answer.json().unwrap()["key"].as_str().unwrap().to_owned()
    };
    let counts = key("counts", &["usage:read"]);
    let path = "/admin/usage/users?dialect=bimplus";
    let (status, body) = ask(&gateway, path, &counts);
    assert_eq!(
        (status, &body["reason"]),
        (403, &Value::from("the key lacks the scope users:read")),
        "{body}"
    );
    assert_eq!(ask(&gateway, "/admin/usage/days", &counts).0, 200);
    let both = key("both", &["usage:read", "users:read"]);
    assert_eq!(ask(&gateway, path, &both).0, 200);
}
