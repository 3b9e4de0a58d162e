//! Memsource.

use std::net::SocketAddr;

use isogloss_testkit::Request as Message;
use isogloss_testkit::dialects::dialect;
use serde_json::{Value, json};

use super::login;
use crate::faults::cut_requests::cut::Request;
use crate::faults::cut_requests::{PASSWORD, done, text, token_of, user};

pub(super) fn requests(server: SocketAddr) -> Vec<Request> {
    let admin = dialect("memsource").login(server, "admin", "admin-demo");
    let admin = admin.unwrap().1.unwrap();
    let authorization = format!("ApiToken {admin}");
    let login_other = move |subject: usize| {
        let form = format!("token={admin}&userName={}", user(subject));
        Message::post("/web/api/v3/auth/loginOther").form(form)
    };
    let link_of = login_other.clone();
    vec![
        Request::new("memsource: login", server, login("memsource")),
        Request::new("memsource: login as another", server, login_other),
        Request::new("memsource: login by link", server, move |subject| {
            let token = text(&done(&link_of(subject), server), "/token");
            Message::get(format!("/web/login/authByToken?token={token}"))
        }),
        Request::new("memsource: logout", server, move |subject| {
            let token = token_of("memsource", server, subject);
            Message::post("/web/api/v3/auth/logout").form(format!("token={token}"))
        }),
        Request::new("memsource: login by api2", server, |subject| {
            api2("login", &credentials(subject))
        }),
        Request::new("memsource: session login by api2", server, |subject| {
            api2("loginToSession", &credentials(subject))
        }),
        Request::new(
            "memsource: login as another by api2",
            server,
            move |subject| {
                let request = api2("loginOther", &json!({"userName": user(subject)}));
                request.header("Authorization", &*authorization)
            },
        ),
        Request::new("memsource: logout by api2", server, move |subject| {
            let answer = done(&api2("login", &credentials(subject)), server);
            let token = text(&answer, "/token");
            Message::post(format!("/web/api2/v1/auth/logout?token={token}"))
        }),
    ]
}

fn credentials(subject: usize) -> Value {
    json!({"userName": user(subject), "password": PASSWORD})
}

fn api2(action: &str, body: &Value) -> Message {
    Message::post(format!("/web/api2/v1/auth/{action}")).json(body)
}
