//! TokenLogin.

use isogloss_testkit::{Gateway, Request as Message};
use serde_json::{Value, json};

use super::login;
use crate::faults::cut_requests::cut::Request;
use crate::faults::cut_requests::{PASSWORD, done, letters, text, token_of, user};

pub(super) fn requests(gateway: &Gateway) -> Vec<Request> {
    let server = gateway.public();
    let folder = gateway.folder().join("data/mail");
    vec![
        Request::new("tokenlogin: login", server, login("tokenlogin")),
        Request::new("tokenlogin: remembered login", server, |subject| {
            remembered(subject, "phone")
        }),
        Request::new("tokenlogin: login by token", server, move |subject| {
            let answer = done(&remembered(subject, "tablet"), server);
            let token = text(&answer, "/ReAuthenticationToken");
            action("TokenLogin", &json!({"reAuthenticationToken": token}))
        }),
        Request::new("tokenlogin: logout", server, move |subject| {
            let token = token_of("tokenlogin", server, subject);
            let path = "/api/v1/Authentication/Logout";
            Message::post(format!("{path}?APIKey=demo-api-key&APIToken={token}"))
        }),
        Request::new("tokenlogin: forgotten password", server, forgotten),
        Request::new("tokenlogin: new password", server, move |subject| {
            let key = letters::reset_key(&folder, server, subject);
            let body = json!({"ResetKey": key, "Password": PASSWORD});
            action("FinishPasswordReset", &body)
        }),
    ]
}

/// Returns a request for an e-mail that resets the password.
pub(crate) fn forgotten(subject: usize) -> Message {
    action("RequestPasswordReset", &json!({"LoginName": user(subject)}))
}

fn action(action: &str, body: &Value) -> Message {
    let path = format!("/api/v1/Authentication/{action}?APIKey=demo-api-key");
    Message::post(path).json(body)
}

fn remembered(subject: usize, device: &str) -> Message {
    let user = user(subject);
    let body = json!({
        "userName": user, "password": PASSWORD, "deviceName": device,
        "generateReAuthenticationToken": true,
    });
    action("Login", &body)
}
