//! A gateway starts, serves and ends with the minimum and the maximum of every number and duration.

use isogloss_testkit::{Gateway, Request};
use serde_json::{Value, json};

use crate::config::error_location::Place;

/// Settings whose bounds would make the test wait, or are too short for the demo's passwords on a busy machine.
const LEFT_OUT: [&str; 3] = [
    "passwords.bcrypt_cost",
    "passwords.queue_timeout",
    "server.drain_delay",
];

fn resolved<'s>(schema: &'s Value, value: &'s Value) -> &'s Value {
    match value["$ref"].as_str() {
        Some(target) => schema.pointer(target.strip_prefix('#').unwrap()).unwrap(),
        None => value,
    }
}

/// Adds a line for every number and duration below `path`.
fn lines(schema: &Value, path: &str, key: &Value, names: [&str; 2], lines: &mut Vec<String>) {
    let shape = resolved(schema, key);
    for (name, below) in shape["properties"].as_object().into_iter().flatten() {
        let below_path = format!("{path}{name}");
        lines_of(schema, &below_path, below, names, lines);
    }
}

fn lines_of(schema: &Value, path: &str, key: &Value, names: [&str; 2], all: &mut Vec<String>) {
    let shape = resolved(schema, key);
    if shape["properties"].is_object() {
        return lines(schema, &format!("{path}."), key, names, all);
    }
    let bound = names
        .iter()
        .find_map(|name| key.get(name).or_else(|| shape.get(name)));
    if let Some(bound) = bound.filter(|_| !LEFT_OUT.contains(&path)) {
        all.push(format!("{path} = {bound}"));
    }
}

/// Returns a configuration with every bound of that name.
fn configuration(names: [&str; 2]) -> String {
    let said = Place::new().run(&["config", "schema"], &[]);
    let schema: Value = serde_json::from_str(&said.out).unwrap();
    let mut all = Vec::new();
    lines(&schema, "", &schema, names, &mut all);
    assert!(all.len() > 70, "{all:?}");
    all.push("jwt.enabled = true".to_owned());
    all.push("jwt.issuer = 'isogloss'".to_owned());
    all.push("jwt.audience = 'services'".to_owned());
    all.push("audit.to = 'file:audit.jsonl'".to_owned());
    all.push("audit.database = true".to_owned());
    all.join("\n")
}

#[test]
fn a_gateway_starts_with_every_number_and_duration_at_its_least() {
    let text = configuration(["minimum", "x-minimum"]);
    let mut gateway = Gateway::builder(crate::PROGRAM)
        .demo_budgets()
        .config_text(text)
        .start()
        .unwrap();
    assert!(gateway.logs("mounted"), "{:#?}", gateway.log());
    assert!(
        gateway.terminate().unwrap().success(),
        "{:#?}",
        gateway.log()
    );
    assert!(!gateway.log().concat().contains("panicked"));
}

#[test]
fn a_gateway_serves_with_every_number_and_duration_at_its_most() {
    let text = configuration(["maximum", "x-maximum"]);
    let mut gateway = Gateway::builder(crate::PROGRAM)
        .demo_budgets()
        .config_text(text)
        .start()
        .unwrap();
    gateway.wait_until_ready().unwrap();
    let login = Request::post("/v2/authorize")
        .json(&json!({"user_id": "admin", "password": "admin-demo", "client_id": "x"}));
    let answer = login.send(gateway.public()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let token = answer.json().unwrap()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let shown = Request::get("/v2/authorize").header("Authorization", format!("BimPlus {token}"));
    assert_eq!(shown.send(gateway.public()).unwrap().status, 200);
    assert!(
        gateway.terminate().unwrap().success(),
        "{:#?}",
        gateway.log()
    );
    assert!(!gateway.log().concat().contains("panicked"));
}
