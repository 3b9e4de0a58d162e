//! Administration over the management listener, as programs use it.

mod authorities_of_users;
mod lists;
mod organisations;
mod users;

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::{Gateway, Request};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(30);

fn start() -> Gateway {
    let gateway = Gateway::builder(crate::PROGRAM);
    let gateway = gateway.start().unwrap();
    gateway.wait_until_ready().unwrap();
    gateway
}

/// Returns status and JSON body of a route, called with the demo's key.
fn admin(gateway: &Gateway, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
    let request = Request::new(method, path).header("Authorization", "Bearer demo-admin-key");
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    let answer = request.send(gateway.management()).unwrap();
    (answer.status, answer.json().unwrap_or_default())
}

/// Waits for an event of that kind in the audit log, and returns it.
fn recorded(gateway: &Gateway, kind: &str) -> Value {
    let path = gateway.folder().join("data/audit.jsonl");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let events = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        let found = events.rev().find(|event: &Value| event["event"] == kind);
        if let Some(event) = found {
            return event;
        }
        assert!(Instant::now() < deadline, "no {kind} in {text}");
        thread::sleep(Duration::from_millis(10));
    }
}
