//! The OpenAPI documents: those in `docs/openapi`, those that a gateway serves, and the scopes in them.
//!
//! `make openapi` writes the files.

use std::fs;
use std::path::Path;

use isogloss_gateway::openapi::documents;
use isogloss_testkit::{Gateway, Request, Response};
use serde_json::{Value, json};

fn start(config: &str) -> Gateway {
    let gateway = Gateway::builder(crate::PROGRAM);
    let gateway = gateway.config_text(config).start().unwrap();
    gateway.wait_until_ready().unwrap();
    gateway
}

fn ask(gateway: &Gateway, method: &str, path: &str, key: Option<&str>) -> Response {
    let mut request = Request::new(method, path);
    if let Some(key) = key {
        request = request.header("Authorization", format!("Bearer {key}"));
    }
    request.send(gateway.management()).unwrap()
}

fn get(gateway: &Gateway, path: &str) -> Response {
    ask(gateway, "GET", path, None)
}

#[test]
fn the_documents_of_the_repository_are_those_of_the_program() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi");
    let is_blessed = std::env::var_os("ISOGLOSS_BLESS").is_some();
    for (name, document) in documents() {
        let file = folder.join(format!("{name}.json"));
        let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
        if is_blessed {
            fs::write(&file, text).unwrap();
        } else {
            let kept = fs::read_to_string(&file).unwrap_or_default();
            assert!(kept == text, "{}: run make openapi", file.display());
        }
    }
}

#[test]
fn a_gateway_serves_those_of_its_dialects_at_its_paths() {
    let gateway =
        start("[dialects.memsource]\npath = \"/tms\"\n[dialects.crmcom]\nenabled = false\n");
    let served = get(&gateway, "/openapi.json").json().unwrap();
    assert_eq!(served["openapi"], "3.1.0");
    assert_eq!(served, serde_json::to_value(&documents()[0].1).unwrap());
    for (name, path) in [
        ("bimplus", "/v2"),
        ("memsource", "/tms"),
        ("tokenlogin", "/api/v1"),
    ] {
        let document = get(&gateway, &format!("/openapi/{name}.json"));
        assert_eq!(
            document.json().unwrap()["servers"],
            json!([{ "url": path }])
        );
    }
    for name in ["crmcom", "moon"] {
        let missing = get(&gateway, &format!("/openapi/{name}.json"));
        let reason = json!({ "reason": format!("{name}: no such dialect is enabled") });
        assert_eq!((missing.status, missing.json().unwrap()), (404, reason));
    }
}

/// Returns operations as path, method and operation.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation.is_object() {
                operations.push((path.clone(), method.to_uppercase(), operation.clone()));
            }
        }
    }
    operations
}

#[test]
fn every_route_of_administrators_asks_for_the_scope_that_its_document_names() {
    let gateway = start("");
    let document = get(&gateway, "/openapi.json").json().unwrap();
    let of_admin = operations(&document);
    let of_admin: Vec<_> = of_admin
        .iter()
        .filter(|(path, ..)| path.starts_with("/admin/"))
        .collect();
    assert!(of_admin.len() >= 7);
    let with_scope = |scope: &str| {
        let key = json!({"realm": "admin", "label": scope, "scopes": [scope]});
        let made = Request::post("/admin/keys")
            .header("Authorization", "Bearer demo-admin-key")
            .json(&key);
        let made = made.send(gateway.management()).unwrap();
        assert_eq!(made.status, 201, "{}", made.text());
        made.json().unwrap()["key"].as_str().unwrap().to_owned()
    };
    let (readers, others) = (with_scope("usage:read"), with_scope("throttle:write"));
    for (path, method, operation) in of_admin {
        let scope = operation["security"][0]["admin"][0].as_str().unwrap();
        let target = path
            .replace("{key}", "x")
            .replace("{user}", "x")
            .replace("{organisation}", "x")
            .replace("{unit}", "x");
        let bodies = operation["requestBody"].is_object();
        let send = |key: Option<&str>| {
            let mut request = Request::new(method, &target);
            if let Some(key) = key {
                request = request.header("Authorization", format!("Bearer {key}"));
            }
            let request = if bodies {
                request.json(&minimal(path))
            } else {
                request
            };
            request.send(gateway.management()).unwrap()
        };
        assert_eq!(send(None).status, 401, "{method} {path}");
        let poor = if scope == "usage:read" {
            &others
        } else {
            &readers
        };
        let refused = send(Some(poor));
        let reason = json!({ "reason": format!("the key lacks the scope {scope}") });
        assert_eq!(
            (refused.status, refused.json().unwrap()),
            (403, reason),
            "{method} {path}"
        );
    }
}

/// Returns a body that can be parsed.
fn minimal(path: &str) -> Value {
    match path {
        "/admin/keys" => json!({"realm": "admin", "label": "x"}),
        "/admin/users" => json!({"user_name": "x", "organisation": "CRMDEMO", "password": "x"}),
        "/admin/organisations" => json!({"name": "x"}),
        "/admin/explain/login" => {
            json!({"dialect": "bimplus", "user": "x", "password": "x"})
        }
        "/admin/explain/token" => json!({"token": "x"}),
        "/admin/users/{user}/password" => json!({"password": "x"}),
        "/admin/users/{user}/state" => json!({"state": "active"}),
        _ => json!({}),
    }
}

#[test]
fn whatever_is_wrong_is_told_in_json() {
    let gateway = start("");
    let send = |method: &str, path: &str, body: Option<(&str, &str)>| {
        let mut request =
            Request::new(method, path).header("Authorization", "Bearer demo-admin-key");
        if let Some((media, text)) = body {
            request = request.header("Content-Type", media).body(text);
        }
        let answer = request.send(gateway.management()).unwrap();
        let reason = answer.json().unwrap()["reason"]
            .as_str()
            .unwrap()
            .to_owned();
        (answer.status, reason)
    };
    let json = |text| Some(("application/json", text));
    for (method, path, body, status, reason) in [
        (
            "GET",
            "/admin/moons",
            None,
            404,
            "this route does not exist",
        ),
        ("GET", "/admin", None, 404, "this route does not exist"),
        (
            "PUT",
            "/admin/sessions",
            None,
            405,
            "this route supports the methods DELETE, GET",
        ),
        (
            "PATCH",
            "/admin/keys",
            None,
            405,
            "this route supports the methods GET, POST",
        ),
        ("GET", "/admin/sessions?limit=x", None, 400, "the query: "),
        (
            "GET",
            "/admin/sessions?moon=1",
            None,
            400,
            "unknown field `moon`",
        ),
        ("POST", "/admin/keys", None, 415, "application/json"),
        (
            "POST",
            "/admin/keys",
            Some(("text/plain", "{}")),
            415,
            "application/json",
        ),
        (
            "POST",
            "/admin/keys",
            json("{\"realm\": \"admin\", \"label\": 7}"),
            400,
            "expected a string",
        ),
        (
            "POST",
            "/admin/keys",
            json("{\"realm\": \"moon\", \"label\": \"x\"}"),
            400,
            "moon: no such realm",
        ),
        (
            "POST",
            "/admin/keys",
            json("{\"realm\": \"admin\", \"label\": \"demo\"}"),
            409,
            "a key demo of the realm admin already exists",
        ),
        ("DELETE", "/admin/keys/moon", None, 404, "moon: no such key"),
        (
            "DELETE",
            "/admin/keys/demo",
            None,
            409,
            "give the realm or the identifier",
        ),
    ] {
        let (answered, text) = send(method, path, body);
        assert_eq!(answered, status, "{method} {path} {text}");
        assert!(text.contains(reason), "{method} {path} {text}");
    }
    let huge = format!("{{\"realm\": \"{}\"}}", "x".repeat(70_000));
    assert_eq!(send("POST", "/admin/keys", json(&huge)).0, 413);
}

#[test]
fn no_key_makes_a_mightier_one_or_one_that_outlives_it() {
    let gateway = start("");
    let make = |with: &str, wanted: Value| {
        let request =
            Request::post("/admin/keys").header("Authorization", format!("Bearer {with}"));
        request.json(&wanted).send(gateway.management()).unwrap()
    };
    let scopes = ["keys:write", "users:read"];
    let clerk = json!({"realm": "admin", "label": "clerk", "scopes": scopes, "expires_at": "2099-01-01T00:00:00Z"});
    let clerk = make("demo-admin-key", clerk).json().unwrap();
    let clerk = clerk["key"].as_str().unwrap();
    let end = "2098-01-01T00:00:00Z";
    for refused in [
        json!({"realm": "admin", "label": "x", "expires_at": end}),
        json!({"realm": "admin", "label": "x", "scopes": ["users:write"], "expires_at": end}),
        json!({"realm": "admin", "label": "x", "scopes": ["users:read"]}),
        json!({"realm": "admin", "label": "x", "scopes": ["users:read"], "expires_at": "2099-01-01T00:00:01Z"}),
        json!({"realm": "introspection", "label": "x", "expires_at": end}),
        json!({"realm": "crmcom", "label": "x", "user": "sample", "expires_at": end}),
    ] {
        assert_eq!(make(clerk, refused.clone()).status, 403, "{refused}");
    }
    let fits = json!({"realm": "admin", "label": "x", "scopes": ["users:read"], "expires_at": end});
    assert_eq!(make(clerk, fits).status, 201);
}
