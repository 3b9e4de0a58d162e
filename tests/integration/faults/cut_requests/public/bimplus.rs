//! BIMplus.

use std::net::SocketAddr;

use isogloss_testkit::Request as Message;
use serde_json::json;

use super::login;
use crate::faults::cut_requests::cut::Request;
use crate::faults::cut_requests::{PASSWORD, done, text, token_of, user};

pub(super) fn requests(server: SocketAddr) -> Vec<Request> {
    vec![
        Request::new("bimplus: login", server, login("bimplus")),
        Request::new("bimplus: remembered login", server, remembered),
        Request::new(
            "bimplus: login by remember-me token",
            server,
            move |subject| {
                let answer = done(&remembered(subject), server);
                let token = text(&answer, "/remember_me_token");
                let client = client(subject);
                let body =
                    json!({"remember_me": true, "remember_me_token": token, "client_id": client});
                Message::post("/v2/authorize").json(&body)
            },
        ),
        Request::new("bimplus: cross token", server, move |subject| {
            cross_token(server, subject)
        }),
        Request::new("bimplus: cross login", server, move |subject| {
            let answer = done(&cross_token(server, subject), server);
            let body = json!({"cross_token": text(&answer, "/cross_token")});
            Message::post("/v2/cross-authorize").json(&body)
        }),
        Request::new("bimplus: logout", server, move |subject| {
            let authorization = authorization(server, subject);
            Message::new("DELETE", "/v2/authorize").header("Authorization", authorization)
        }),
        Request::new("bimplus: forgotten password", server, |subject| {
            Message::post("/v2/auth-forgot").json(&json!({"user_id": user(subject)}))
        }),
    ]
}

fn client(subject: usize) -> String {
    format!("0864b512-1776-4a55-8ee5-{subject:012}")
}

fn authorization(server: SocketAddr, subject: usize) -> String {
    format!("BimPlus {}", token_of("bimplus", server, subject))
}

fn remembered(subject: usize) -> Message {
    let user = user(subject);
    let client = client(subject);
    Message::post("/v2/authorize").json(
        &json!({"user_id": user, "password": PASSWORD, "remember_me": true, "client_id": client}),
    )
}

fn cross_token(server: SocketAddr, subject: usize) -> Message {
    let authorization = authorization(server, subject);
    Message::post("/v2/cross-token").header("Authorization", authorization)
}
