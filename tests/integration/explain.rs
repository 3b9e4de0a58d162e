//! Why requests were refused, as operators see it: at the admin API and with `isogloss explain`.

mod bounds;
mod commands;
mod front_doors;
mod planted;
mod retired;

use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::{Builder, Gateway, Request, Response};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(30);

/// Returns a gateway that also has the events of the audit log in its database.
fn gateway() -> Builder {
    Gateway::builder(crate::PROGRAM).env("ISOGLOSS__AUDIT__DATABASE", "true")
}

/// Sends a request to the admin API and returns the response.
fn admin(gateway: &Gateway, request: Request) -> Response {
    let request = request.header("Authorization", "Bearer demo-admin-key");
    request.send(gateway.management()).unwrap()
}

/// Returns the refused requests that match the query, the latest first.
fn refusals(gateway: &Gateway, query: &str) -> Vec<Value> {
    let answer = admin(gateway, Request::get(format!("/admin/refusals?{query}")));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json().unwrap()["refusals"]
        .as_array()
        .unwrap()
        .clone()
}

/// Waits until as many refused requests match the query, and returns them, the latest first.
#[track_caller]
fn wait_for(gateway: &Gateway, query: &str, count: usize) -> Vec<Value> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = refusals(gateway, query);
        if found.len() >= count {
            return found;
        }
        assert!(Instant::now() < deadline, "{query}: {found:#?}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Returns the refused request whose response this is, once it is recorded.
#[track_caller]
fn refusal_of(gateway: &Gateway, answer: &Response) -> Value {
    let id = answer.header("X-Request-Id").unwrap();
    wait_for(gateway, &format!("request_id={id}"), 1).remove(0)
}

/// Sends a request to the public listener, and checks that the cause of its refusal is recorded, with a detail that
/// contains `detail`.
#[track_caller]
fn is_refused_for(gateway: &Gateway, request: &Request, cause: &str, detail: &str) -> Value {
    let answer = request.send(gateway.public()).unwrap();
    let found = refusal_of(gateway, &answer);
    assert_eq!(found["cause"], cause, "{found:#}");
    let shown = found["detail"].as_str().unwrap_or_default();
    assert!(shown.contains(detail), "{found:#}");
    assert_eq!(found["status"], answer.status);
    assert!(found["explanation"].as_str().unwrap().ends_with('.'));
    found
}

/// Waits until the explanation of a recorded refusal contains the text: the audit log, from which the end of a token is
/// known, is written by itself.
#[track_caller]
fn is_explained(gateway: &Gateway, found: &Value, text: &str) {
    let id = found["request_id"].as_str().unwrap();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = refusals(gateway, &format!("request_id={id}")).remove(0);
        if found["explanation"].as_str().unwrap().contains(text) {
            return;
        }
        assert!(Instant::now() < deadline, "{text}: {found:#}");
        thread::sleep(Duration::from_millis(20));
    }
}
