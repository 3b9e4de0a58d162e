//! Organisations and their units.

use std::net::SocketAddr;

use isogloss_testkit::Request as Message;
use serde_json::json;

use super::{admin, with_body};
use crate::faults::cut_requests::cut::Request;
use crate::faults::cut_requests::done;

pub(super) fn requests(server: SocketAddr) -> Vec<Request> {
    let added = move |kind: &str, subject: usize| {
        let name = format!("{kind}-{subject}");
        done(&add(&name), server);
        name
    };
    vec![
        Request::new("an organisation is added", server, |subject| {
            add(&format!("added-{subject}"))
        }),
        Request::new("an organisation is edited", server, move |subject| {
            let path = format!("organisations/{}", added("named", subject));
            with_body(
                "PATCH",
                &path,
                &json!({"name": format!("renamed-{subject}")}),
            )
        }),
        Request::new("an organisation is removed", server, move |subject| {
            admin(
                "DELETE",
                &format!("organisations/{}", added("removed", subject)),
            )
        }),
        Request::new("a unit is put", server, move |subject| {
            put_unit(&added("larger", subject))
        }),
        Request::new("a unit is removed", server, move |subject| {
            let name = added("smaller", subject);
            done(&put_unit(&name), server);
            admin("DELETE", &unit(&name))
        }),
    ]
}

fn add(name: &str) -> Message {
    with_body("POST", "organisations", &json!({"name": name}))
}

fn unit(organisation: &str) -> String {
    format!("organisations/{organisation}/units/{organisation}-unit")
}

fn put_unit(organisation: &str) -> Message {
    with_body("PUT", &unit(organisation), &json!({"name": "Unit"}))
}
