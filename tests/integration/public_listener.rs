//! Routes of the public listener that belong to no dialect.

mod demo_passwords;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use isogloss_testkit::{Builder, Gateway, Request, Store};
use serde_json::{Value, json};
use tempfile::TempDir;

use isogloss_testkit::run_to_end;

fn gateway() -> Builder {
    Gateway::builder(crate::PROGRAM)
}

fn parsed(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

fn good_login() -> Request {
    let body = json!({"user_id": "admin", "password": "admin-demo"});
    Request::post("/v2/authorize").json(&body)
}

#[test]
fn every_answer_has_a_request_id_that_the_log_knows() {
    let gateway = gateway()
        .env("ISOGLOSS__LOGGING__LEVEL", "debug")
        .start()
        .unwrap();
    let json = |request: Request| request.header("Content-Type", "application/json");
    let requests = [
        ("200", good_login()),
        ("400", json(Request::post("/v2/authorize"))),
        ("401", Request::get("/web/api/v3/auth/whoAmI")),
        (
            "an envelope",
            json(Request::post("/crmapi/rest/v2/authentication/token")),
        ),
        ("a page", Request::get("/web/login/authByToken")),
        ("404 in a dialect", Request::get("/api/v1/nothing")),
        ("404 outside", Request::get("/nothing")),
        ("404 outside, the root", Request::get("/")),
        ("405", Request::new("PUT", "/v2/authorize")),
        (
            "413",
            json(Request::post("/v2/authorize")).body(vec![b'x'; 70_000]),
        ),
        (
            "a sent one",
            Request::get("/v2/authorize").header("X-Request-Id", "mine"),
        ),
    ];
    let mut ids = BTreeSet::new();
    for (what, request) in requests {
        let response = request.send(gateway.public()).unwrap();
        let id = response
            .header("X-Request-Id")
            .unwrap_or_else(|| panic!("{what}: {response:?}"));
        assert!(id.len() >= 32 && id != "mine", "{what}: {id}");
        assert!(gateway.logs(id), "{what}: the log does not know {id}");
        let log = gateway.log();
        let line = parsed(log.iter().find(|line| line.contains(id)).unwrap());
        assert_eq!(line["span"]["request_id"], id, "{what}");
        assert!(ids.insert(id.to_owned()), "{what}: {id} was used before");
    }
}

#[test]
fn the_span_names_dialect_and_route_and_never_the_address() {
    let gateway = gateway()
        .env("ISOGLOSS__LOGGING__LEVEL", "debug")
        .start()
        .unwrap();
    for (method, path, dialect, route, status) in [
        (
            "GET",
            "/v2/authorize?a=marked",
            "bimplus",
            "/v2/authorize",
            401,
        ),
        (
            "GET",
            "/web/api/v3/auth/whoAmI?token=marked",
            "memsource",
            "/web/api/v3/auth/whoAmI",
            401,
        ),
        (
            "PUT",
            "/crmapi/rest/v2/authentication/token",
            "crmcom",
            "/crmapi/rest/v2/authentication/token",
            405,
        ),
    ] {
        let response = Request::new(method, path).send(gateway.public()).unwrap();
        let id = response.header("X-Request-Id").unwrap();
        assert!(gateway.logs(id));
        let log = gateway.log();
        let line = parsed(log.iter().rev().find(|line| line.contains(id)).unwrap());
        let span = &line["span"];
        assert_eq!(span["dialect"], dialect, "{line}");
        assert_eq!(span["http.method"], method, "{line}");
        assert_eq!(span["http.route"], route, "{line}");
        assert_eq!(span["http.status_code"], status, "{line}");
        assert!(!log.iter().any(|line| line.contains("marked")));
    }
}

#[test]
fn without_spans_a_line_still_says_whose_request_it_is_about() {
    let away = Store::Redis("redis://127.0.0.1:1".to_owned());
    let gateway = gateway().store(away).start().unwrap();
    let asking = Request::get("/v2/authorize")
        .header("Authorization", "BimPlus 35eb2b5e94b54d5aafa6b6a7b6e8de01");
    let response = asking.send(gateway.public()).unwrap();
    assert_eq!(response.status, 503);
    let id = response.header("X-Request-Id").unwrap();
    assert!(gateway.logs(id));
    let log = gateway.log();
    let line = parsed(log.iter().find(|line| line.contains(id)).unwrap());
    assert_eq!(line["level"], "ERROR", "{line}");
    assert_eq!(line["span"]["request_id"], id, "{line}");
    assert_eq!(line["fields"]["route"], "/v2/authorize", "{line}");
}

#[test]
fn the_first_lines_are_the_listeners_with_their_real_ports() {
    for store in [Store::Memory, Store::Embedded] {
        let gateway = gateway().store(store).start().unwrap();
        let log = gateway.log();
        for (line, listener, address) in [
            (&log[0], "public", gateway.public()),
            (&log[1], "management", gateway.management()),
        ] {
            let fields = &parsed(line)["fields"];
            assert_eq!(fields["listener"], listener, "{line}");
            assert_eq!(fields["address"], address.to_string(), "{line}");
        }
        assert_ne!(gateway.public().port(), 0);
        assert_ne!(gateway.management().port(), 0);
        let alive = Request::get("/healthz").send(gateway.management()).unwrap();
        assert_eq!(
            (alive.status, alive.json()),
            (200, Ok(json!({"status": "ok"})))
        );
        assert_eq!(good_login().send(gateway.public()).unwrap().status, 200);
    }
}

#[test]
fn paths_outside_every_mount_are_404_without_words() {
    let gateway = gateway().start().unwrap();
    for path in [
        "/",
        "//",
        "/nothing",
        "/v",
        "/v20",
        "/v22/authorize",
        "/authorize",
        "/api",
        "/api/v2/Authentication/Login",
        "/crmapi",
        "/crmapi/rest",
        "/webx",
        "/.well-known/x",
        "/favicon.ico",
        "/%2e%2e/etc/passwd",
        "/../v2x",
    ] {
        for method in ["GET", "POST", "DELETE", "OPTIONS", "FOO"] {
            let response = Request::new(method, path).send(gateway.public()).unwrap();
            assert_eq!(
                (response.status, response.text().as_str()),
                (404, ""),
                "{method} {path}"
            );
        }
    }
}

#[test]
fn each_listener_keeps_to_its_own() {
    let gateway = gateway().start().unwrap();
    for path in [
        "/healthz",
        "/readyz",
        "/metrics",
        "/introspect",
        "/admin",
        "/openapi.json",
    ] {
        let response = Request::get(path).send(gateway.public()).unwrap();
        assert_eq!(
            (response.status, response.text().as_str()),
            (404, ""),
            "{path}"
        );
    }
    for path in ["/healthz", "/readyz"] {
        let response = Request::get(path).send(gateway.management()).unwrap();
        assert_eq!(
            (response.status, response.json()),
            (200, Ok(json!({"status": "ok"}))),
            "{path}"
        );
    }
    for path in [
        "/v2/authorize",
        "/crmapi/rest/v2/authentication/token",
        "/api/v1/Authentication/Login?APIKey=demo-api-key",
        "/api/v1/Authentication/TokenLogin?APIKey=demo-api-key",
        "/web/api/v3/auth/login",
        "/web/login/authByToken",
        "/v2/nothing",
    ] {
        for method in ["GET", "POST"] {
            let response = Request::new(method, path)
                .send(gateway.management())
                .unwrap();
            assert_eq!(
                (response.status, response.text().as_str()),
                (404, ""),
                "{method} {path}"
            );
        }
    }
    let response = good_login().send(gateway.management()).unwrap();
    assert_eq!(response.status, 404);
}

#[test]
fn the_pepper_is_made_once_for_its_owner_only() {
    let mut gateway = gateway().start().unwrap();
    let file = gateway.folder().join("pepper");
    assert!(gateway.logs("mounted"));
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let pepper = fs::read_to_string(&file).unwrap();
    assert!(pepper.trim().len() >= 32);
    gateway.start_again().unwrap();
    assert_eq!(good_login().send(gateway.public()).unwrap().status, 200);
    assert_eq!(fs::read_to_string(&file).unwrap(), pepper);
    assert!(!gateway.log().join("\n").contains(pepper.trim()));
}

#[test]
fn a_second_gateway_on_the_same_embedded_store_is_refused() {
    let first = gateway().store(Store::Embedded).start().unwrap();
    assert_eq!(good_login().send(first.public()).unwrap().status, 200);
    let second = gateway().store(Store::Embedded);
    let output = run_to_end(second.command(first.folder()).unwrap()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    let last = said.lines().last().unwrap();
    assert!(last.starts_with("isogloss: "), "{said}");
    assert!(last.contains("tokens.redb"), "which store? {last}");
    assert_eq!(good_login().send(first.public()).unwrap().status, 200);
}

#[test]
fn an_address_in_use_is_refused_by_name() {
    let first = gateway().start().unwrap();
    for (key, address) in [
        ("server", first.public()),
        ("management", first.management()),
    ] {
        let variable = format!("ISOGLOSS__{}__BIND", key.to_uppercase());
        let folder = TempDir::new().unwrap();
        let second = gateway().env(variable, address.to_string());
        let output = run_to_end(second.command(folder.path()).unwrap()).unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        let last = said.lines().last().unwrap();
        let expected = format!("isogloss: {key}.bind: cannot bind {address}");
        assert!(last.starts_with(&expected), "{said}");
    }
}
