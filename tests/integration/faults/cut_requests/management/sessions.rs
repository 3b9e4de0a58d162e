//! Changes of the token store: ending tokens, and counted attempts.

use isogloss_testkit::dialects::dialect;
use isogloss_testkit::{Gateway, Request as Message};
use serde_json::json;

use super::users::{add, set_state};
use super::{admin, with_body};
use crate::faults::cut_requests::cut::Request;
use crate::faults::cut_requests::{PASSWORD, done, token_of, user};

pub(crate) fn requests(gateway: &Gateway) -> Vec<Request> {
    let (server, public) = (gateway.management(), gateway.public());
    vec![
        Request::new("a user is erased", server, move |subject| {
            let name = format!("erased-{subject}");
            done(&add(&name), server);
            admin("DELETE", &format!("users/{name}"))
        }),
        Request::new("sessions are ended", server, move |subject| {
            token_of("bimplus", public, subject);
            admin("DELETE", &format!("sessions?user={}", user(subject)))
        }),
        Request::new("a password is set", server, move |subject| {
            token_of("bimplus", public, subject);
            let path = format!("users/{}/password", user(subject));
            with_body("PUT", &path, &json!({"password": PASSWORD}))
        }),
        Request::new("wrong passwords", public, wrong_login),
        Request::new("wrong tries are forgiven", server, move |subject| {
            let answer = wrong_login(subject).send(public).unwrap();
            assert_eq!(answer.status, 401, "{}", answer.text());
            admin("DELETE", &format!("throttle?user={}", user(subject)))
        }),
        Request::new("a user is disabled", server, move |subject| {
            token_of("bimplus", public, subject);
            set_state(&user(subject), "disabled")
        }),
    ]
}

fn wrong_login(subject: usize) -> Message {
    dialect("bimplus").request(&user(subject), "not-the-password")
}
