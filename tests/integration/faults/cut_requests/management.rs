//! Requests to the management listener that change or record something.

mod keys;
mod organisations;
mod services;
mod sessions;
mod users;

use isogloss_testkit::{Gateway, Request as Message};
use serde_json::Value;

use crate::faults::cut_requests::cut::Request;

pub(crate) use self::services::PROGRAM;
pub(crate) use self::sessions::requests as requests_about_tokens;

pub(crate) fn requests(gateway: &Gateway) -> Vec<Request> {
    let server = gateway.management();
    let mut requests = keys::requests(server);
    requests.extend(users::requests(server));
    requests.extend(organisations::requests(server));
    requests.extend(services::requests(gateway));
    // Last, because they disable the users.
    requests.extend(requests_about_tokens(gateway));
    requests
}

pub(crate) fn admin(method: &str, path: &str) -> Message {
    let request = Message::new(method, format!("/admin/{path}"));
    request.header("Authorization", "Bearer demo-admin-key")
}

fn with_body(method: &str, path: &str, body: &Value) -> Message {
    admin(method, path).json(body)
}
