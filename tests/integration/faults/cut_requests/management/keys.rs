//! API keys.

use std::net::SocketAddr;

use isogloss_testkit::Request as Message;
use serde_json::json;

use super::{admin, with_body};
use crate::faults::cut_requests::cut::Request;
use crate::faults::cut_requests::done;

pub(super) fn requests(server: SocketAddr) -> Vec<Request> {
    vec![
        Request::new("a key is made", server, |subject| {
            add(&format!("made-{subject}"))
        }),
        Request::new("a key is revoked", server, move |subject| {
            let label = format!("revoked-{subject}");
            done(&add(&label), server);
            admin("DELETE", &format!("keys/{label}"))
        }),
    ]
}

fn add(label: &str) -> Message {
    let key = json!({"realm": "tokenlogin", "label": label});
    with_body("POST", "keys", &key)
}
