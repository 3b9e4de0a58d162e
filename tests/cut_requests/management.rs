//! The requests of administrators that change something, and what they forgive.

use std::net::SocketAddr;

use conformance::{Gateway, Request as Message};
use serde_json::{Value, json};

use crate::cut::{Make, Request};
use crate::dialects::DIALECTS;
use crate::{done, password, user};

pub(crate) fn requests(gateway: &Gateway) -> Vec<Request> {
    let (server, public) = (gateway.management(), gateway.public());
    let prepared = move |request: Message| drop(done(&request, server));
    let all: Vec<(&'static str, Box<Make>)> = vec![
        (
            "a key is made",
            Box::new(|subject| add_key(&format!("made-{subject}"))),
        ),
        (
            "a key is revoked",
            Box::new(move |subject| {
                let label = format!("revoked-{subject}");
                prepared(add_key(&label));
                admin("DELETE", &format!("keys/{label}"), None)
            }),
        ),
        (
            "a user is added",
            Box::new(|subject| add_user(&format!("added-{subject}"))),
        ),
        (
            "a user is erased",
            Box::new(move |subject| {
                let name = format!("erased-{subject}");
                prepared(add_user(&name));
                admin("DELETE", &format!("users/{name}"), None)
            }),
        ),
        (
            "a user is edited",
            Box::new(|subject| {
                admin(
                    "PATCH",
                    &format!("users/{}", user(subject)),
                    Some(json!({"first_name": "Edited"})),
                )
            }),
        ),
        (
            "sessions are ended",
            Box::new(move |subject| {
                log_in(public, subject);
                admin("DELETE", &format!("sessions?user={}", user(subject)), None)
            }),
        ),
        (
            "a password is set",
            Box::new(move |subject| {
                log_in(public, subject);
                let path = format!("users/{}/password", user(subject));
                admin("PUT", &path, Some(json!({"password": password(subject)})))
            }),
        ),
        (
            "an organisation is added",
            Box::new(|subject| add_organisation(&format!("added-{subject}"))),
        ),
        (
            "an organisation is edited",
            Box::new(move |subject| {
                prepared(add_organisation(&format!("named-{subject}")));
                let name = json!({"name": format!("renamed-{subject}")});
                admin(
                    "PATCH",
                    &format!("organisations/named-{subject}"),
                    Some(name),
                )
            }),
        ),
        (
            "an organisation is removed",
            Box::new(move |subject| {
                let name = format!("removed-{subject}");
                prepared(add_organisation(&name));
                admin("DELETE", &format!("organisations/{name}"), None)
            }),
        ),
        (
            "a unit is put",
            Box::new(move |subject| {
                let name = format!("larger-{subject}");
                prepared(add_organisation(&name));
                put_unit(&name, subject)
            }),
        ),
        (
            "a unit is removed",
            Box::new(move |subject| {
                let name = format!("smaller-{subject}");
                prepared(add_organisation(&name));
                prepared(put_unit(&name, subject));
                admin(
                    "DELETE",
                    &format!("organisations/{name}/units/{}", unit(&name, subject)),
                    None,
                )
            }),
        ),
        ("wrong passwords", Box::new(|subject| wrong_login(subject))),
        (
            "wrong tries are forgiven",
            Box::new(move |subject| {
                let answer = wrong_login(subject).send(public).unwrap();
                assert_eq!(answer.status, 401, "{}", answer.text());
                admin("DELETE", &format!("throttle?user={}", user(subject)), None)
            }),
        ),
        (
            "a user is disabled",
            Box::new(move |subject| {
                log_in(public, subject);
                let path = format!("users/{}/state", user(subject));
                admin("PUT", &path, Some(json!({"state": "disabled"})))
            }),
        ),
    ];
    let all = all.into_iter();
    all.map(|(name, make)| {
        let server = if name == "wrong passwords" {
            public
        } else {
            server
        };
        Request { name, server, make }
    })
    .collect()
}

/// Those of them that change what is in the token store.
pub(crate) fn requests_about_tokens(gateway: &Gateway) -> Vec<Request> {
    const NAMES: [&str; 5] = [
        "a user is erased",
        "sessions are ended",
        "wrong passwords",
        "wrong tries are forgiven",
        "a user is disabled",
    ];
    let mut requests = requests(gateway);
    requests.retain(|request| NAMES.contains(&request.name));
    requests
}

fn admin(method: &str, path: &str, body: Option<Value>) -> Message {
    let request = Message::new(method, format!("/admin/{path}"));
    let request = request.header("Authorization", "Bearer demo-admin-key");
    match body {
        Some(body) => request.json(&body),
        None => request,
    }
}

fn add_key(label: &str) -> Message {
    admin(
        "POST",
        "keys",
        Some(json!({"realm": "tokenlogin", "label": label})),
    )
}

fn add_user(name: &str) -> Message {
    let user =
        json!({"user_name": name, "organisation": "CRMDEMO", "password": "correct-horse-battery"});
    admin("POST", "users", Some(user))
}

fn add_organisation(name: &str) -> Message {
    admin("POST", "organisations", Some(json!({"name": name})))
}

fn unit(organisation: &str, subject: usize) -> String {
    format!("{organisation}-unit-{subject}")
}

fn put_unit(organisation: &str, subject: usize) -> Message {
    let path = format!(
        "organisations/{organisation}/units/{}",
        unit(organisation, subject)
    );
    admin("PUT", &path, Some(json!({"name": "Unit"})))
}

fn log_in(public: SocketAddr, subject: usize) {
    let login = DIALECTS[0].login(public, &user(subject), &password(subject));
    let (answer, token) = login.unwrap();
    assert!(token.is_some(), "{}", answer.text());
}

fn wrong_login(subject: usize) -> Message {
    (DIALECTS[0].request)(DIALECTS[0].mount, &user(subject), "not-the-password")
}
