//! The requests of each dialect that change something.

use std::net::SocketAddr;

use conformance::{Gateway, Request as Message};
use serde_json::json;

use crate::cut::{Make, Request};
use crate::dialects::DIALECTS;
use crate::{done, letters, password, text, user};

pub(crate) fn requests(gateway: &Gateway) -> Vec<Request> {
    let server = gateway.public();
    let folder = gateway.folder().join("data/mail");
    let admin = memsource_token(server, "admin", "admin-demo");
    let other = move |subject: usize| login_other(&admin, subject);
    let authorize_by_link = other.clone();
    let [bimplus, crmcom, of_tokenlogin, memsource] = [0, 1, 2, 3].map(|dialect: usize| {
        let login = move |subject| {
            let (user, password) = (user(subject), password(subject));
            (DIALECTS[dialect].request)(DIALECTS[dialect].mount, &user, &password)
        };
        Box::new(login) as Box<Make>
    });
    let all: Vec<(&'static str, Box<Make>)> = vec![
        ("bimplus: login", bimplus),
        (
            "bimplus: remembered login",
            Box::new(|subject| bimplus_remembered(subject)),
        ),
        (
            "bimplus: login by remember-me token",
            Box::new(move |subject| {
                let answer = done(&bimplus_remembered(subject), server);
                let token = text(&answer, "/remember_me_token");
                let client = client(subject);
                let body =
                    json!({"remember_me": true, "remember_me_token": token, "client_id": client});
                Message::post("/v2/authorize").json(&body)
            }),
        ),
        (
            "bimplus: cross token",
            Box::new(move |subject| cross_token(server, subject)),
        ),
        (
            "bimplus: cross login",
            Box::new(move |subject| {
                let answer = done(&cross_token(server, subject), server);
                let body = json!({"cross_token": text(&answer, "/cross_token")});
                Message::post("/v2/cross-authorize").json(&body)
            }),
        ),
        (
            "bimplus: log-out",
            Box::new(move |subject| {
                let authorization = bimplus_authorization(server, subject);
                Message::new("DELETE", "/v2/authorize").header("Authorization", authorization)
            }),
        ),
        (
            "bimplus: forgotten password",
            Box::new(|subject| {
                Message::post("/v2/auth-forgot").json(&json!({"user_id": user(subject)}))
            }),
        ),
        ("crmcom: login", crmcom),
        (
            "crmcom: log-out",
            Box::new(move |subject| {
                let token = token_of(1, server, subject);
                let path = "/crmapi/rest/v2/authentication/token/release";
                Message::post(path).json(&json!({"token": token}))
            }),
        ),
        (
            "crmcom: login by key",
            Box::new(|_| {
                let request = Message::post("/crmapi/rest/v2/authentication/web_api_key/token");
                request.header("Authorization", "Basic ZGVtby13ZWItYXBpLWtleTo=")
            }),
        ),
        ("tokenlogin: login", of_tokenlogin),
        (
            "tokenlogin: remembered login",
            Box::new(|subject| tokenlogin_remembered(subject, "phone")),
        ),
        (
            "tokenlogin: login by token",
            Box::new(move |subject| {
                let answer = done(&tokenlogin_remembered(subject, "tablet"), server);
                let token = text(&answer, "/ReAuthenticationToken");
                tokenlogin("TokenLogin", &json!({"reAuthenticationToken": token}))
            }),
        ),
        (
            "tokenlogin: log-out",
            Box::new(move |subject| {
                let token = token_of(2, server, subject);
                let path =
                    format!("/api/v1/Authentication/Logout?APIKey=demo-api-key&APIToken={token}");
                Message::post(path)
            }),
        ),
        (
            "tokenlogin: forgotten password",
            Box::new(|subject| {
                tokenlogin("RequestPasswordReset", &json!({"LoginName": user(subject)}))
            }),
        ),
        ("memsource: login", memsource),
        ("memsource: login as another", Box::new(other)),
        (
            "memsource: login by link",
            Box::new(move |subject| {
                let token = text(&done(&authorize_by_link(subject), server), "/token");
                Message::get(format!("/web/login/authByToken?token={token}"))
            }),
        ),
        (
            "memsource: log-out",
            Box::new(move |subject| {
                let token = token_of(3, server, subject);
                Message::post("/web/api/v3/auth/logout").form(format!("token={token}"))
            }),
        ),
        (
            "memsource: login by api2",
            Box::new(|subject| api2_login("login", subject)),
        ),
        (
            "memsource: session login by api2",
            Box::new(|subject| api2_login("loginToSession", subject)),
        ),
        (
            "memsource: log-out by api2",
            Box::new(move |subject| {
                let token = text(&done(&api2_login("login", subject), server), "/token");
                Message::post(format!("/web/api2/v1/auth/logout?token={token}"))
            }),
        ),
        // Ends all that the user has: behind all that needs none of it.
        (
            "tokenlogin: new password",
            Box::new(move |subject| {
                let key = letters::reset_key(&folder, server, subject);
                tokenlogin(
                    "FinishPasswordReset",
                    &json!({"ResetKey": key, "Password": password(subject)}),
                )
            }),
        ),
    ];
    let all = all.into_iter();
    all.map(|(name, make)| Request { name, server, make })
        .collect()
}

fn client(subject: usize) -> String {
    format!("0864b512-1776-4a55-8ee5-{subject:012}")
}

fn token_of(dialect: usize, server: SocketAddr, subject: usize) -> String {
    let (user, password) = (user(subject), password(subject));
    let (answer, token) = DIALECTS[dialect].login(server, &user, &password).unwrap();
    token.unwrap_or_else(|| panic!("{}", answer.text()))
}

fn bimplus_authorization(server: SocketAddr, subject: usize) -> String {
    format!("BimPlus {}", token_of(0, server, subject))
}

fn bimplus_remembered(subject: usize) -> Message {
    let (user, password) = (user(subject), password(subject));
    let client = client(subject);
    Message::post("/v2/authorize").json(
        &json!({"user_id": user, "password": password, "remember_me": true, "client_id": client}),
    )
}

fn cross_token(server: SocketAddr, subject: usize) -> Message {
    let authorization = bimplus_authorization(server, subject);
    Message::post("/v2/cross-token").header("Authorization", authorization)
}

pub(crate) fn tokenlogin(action: &str, body: &serde_json::Value) -> Message {
    let path = format!("/api/v1/Authentication/{action}?APIKey=demo-api-key");
    Message::post(path).json(body)
}

fn tokenlogin_remembered(subject: usize, device: &str) -> Message {
    let (user, password) = (user(subject), password(subject));
    let body = json!({
        "userName": user, "password": password, "deviceName": device,
        "generateReAuthenticationToken": true,
    });
    tokenlogin("Login", &body)
}

fn memsource_token(server: SocketAddr, user: &str, password: &str) -> String {
    DIALECTS[3]
        .login(server, user, password)
        .unwrap()
        .1
        .unwrap()
}

fn login_other(admin: &str, subject: usize) -> Message {
    let form = format!("token={admin}&userName={}", user(subject));
    Message::post("/web/api/v3/auth/loginOther").form(form)
}

fn api2_login(action: &str, subject: usize) -> Message {
    let body = json!({"userName": user(subject), "password": password(subject)});
    Message::post(format!("/web/api2/v1/auth/{action}")).json(&body)
}
