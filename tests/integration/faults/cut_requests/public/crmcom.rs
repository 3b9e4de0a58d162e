//! CRM.COM.

use std::net::SocketAddr;

use isogloss_testkit::Request as Message;
use serde_json::json;

use super::login;
use crate::faults::cut_requests::cut::Request;
use crate::faults::cut_requests::{card, token_of};

pub(super) fn requests(server: SocketAddr) -> Vec<Request> {
    vec![
        Request::new("crmcom: login", server, login("crmcom")),
        Request::new("crmcom: logout", server, move |subject| {
            let token = token_of("crmcom", server, subject);
            let path = "/crmapi/rest/v2/authentication/token/release";
            Message::post(path).json(&json!({"token": token}))
        }),
        Request::new("crmcom: login by card", server, |subject| {
            let card = json!({"authentication_code": card(subject)});
            let body = json!({"access_token_identifier": card, "organisation": "CRMDEMO"});
            Message::post("/crmapi/rest/v2/authentication/token").json(&body)
        }),
        Request::new("crmcom: login by key", server, |_| {
            let request = Message::post("/crmapi/rest/v2/authentication/web_api_key/token");
            request.header("Authorization", "Basic ZGVtby13ZWItYXBpLWtleTo=")
        }),
    ]
}
