//! Changes of users that end none of their tokens.

use std::net::SocketAddr;

use isogloss_testkit::Request as Message;
use serde_json::json;

use super::with_body;
use crate::faults::cut_requests::cut::Request;
use crate::faults::cut_requests::{done, user};

pub(super) fn requests(server: SocketAddr) -> Vec<Request> {
    vec![
        Request::new("a user is added", server, |subject| {
            add(&format!("added-{subject}"))
        }),
        Request::new("a user is edited", server, |subject| {
            let path = format!("users/{}", user(subject));
            with_body("PATCH", &path, &json!({"first_name": "Edited"}))
        }),
        Request::new("a user is enabled", server, move |subject| {
            let name = format!("enabled-{subject}");
            done(&add(&name), server);
            done(&set_state(&name, "disabled"), server);
            set_state(&name, "active")
        }),
    ]
}

pub(super) fn add(name: &str) -> Message {
    let user =
        json!({"user_name": name, "organisation": "CRMDEMO", "password": "correct-horse-battery"});
    with_body("POST", "users", &user)
}

pub(super) fn set_state(name: &str, state: &str) -> Message {
    let path = format!("users/{name}/state");
    with_body("PUT", &path, &json!({"state": state}))
}
