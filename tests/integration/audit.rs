//! The audit log of a running gateway: its contents, and what happens when the disk fails.

mod admin_operations;
mod disk;
pub(crate) mod events;
mod refused;
mod sessions;

use isogloss_testkit::{Builder, Gateway, Request, Response};
use serde_json::{Value, json};

fn gateway() -> Builder {
    Gateway::builder(crate::PROGRAM)
}

/// Sends a BIMplus login and returns the response.
fn log_in(gateway: &Gateway, name: &str, password: &str) -> Response {
    let login = json!({"user_id": name, "password": password});
    let login = Request::post("/v2/authorize").json(&login);
    login.send(gateway.public()).unwrap()
}

fn text(answer: &Response, pointer: &str) -> String {
    let answer = answer.json().unwrap();
    let text = answer.pointer(pointer).and_then(Value::as_str);
    text.unwrap_or_else(|| panic!("{answer}")).to_owned()
}
