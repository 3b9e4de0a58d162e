//! RFC 6750, bearer tokens: services send their key as one.

use isogloss_testkit::{Gateway, Request, Response};
use serde_json::json;

use crate::introspection::{KEY, form, gateway, key};

fn send(gateway: &Gateway, path: &str, authorization: &str, parameters: &str) -> Response {
    Request::post(path)
        .header("Authorization", authorization)
        .form(parameters)
        .send(gateway.management())
        .unwrap()
}

#[test]
fn rfc_6750_2_1_the_key_is_a_bearer_in_the_header() {
    let gateway = gateway();
    for authorization in [format!("Bearer {KEY}"), format!("bearer  {KEY}")] {
        let answer = send(&gateway, "/introspect", &authorization, "token=x");
        assert_eq!(answer.status, 200, "{authorization}");
    }
}

#[test]
fn rfc_6750_2_a_client_that_sends_its_token_twice_is_refused() {
    let gateway = gateway();
    let parameters = form(&[("token", "x"), ("access_token", KEY)]);
    let answer = send(
        &gateway,
        "/introspect",
        &format!("Bearer {KEY}"),
        &parameters,
    );
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json().unwrap()["error"], "invalid_request");
}

#[test]
fn rfc_6750_3_without_a_key_the_challenge_has_no_error() {
    let gateway = gateway();
    let request = Request::post("/introspect").form("token=x");
    let answer = request.send(gateway.management()).unwrap();
    assert_eq!(answer.status, 401);
    let challenge = answer.header("WWW-Authenticate").unwrap();
    assert!(!challenge.contains("error="), "{challenge}");
}

#[test]
fn rfc_6750_3_1_the_challenge_says_what_is_wrong_with_the_key() {
    let gateway = gateway();
    let answer = send(&gateway, "/introspect", "Bearer wrong", "token=x");
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.header("WWW-Authenticate"),
        Some("Bearer realm=\"isogloss\", error=\"invalid_token\"")
    );
    for (scope, path, lacking) in [
        ("tokens:exchange", "/introspect", "tokens:introspect"),
        ("tokens:introspect", "/token", "tokens:exchange"),
    ] {
        let key = key(&gateway, &json!({"scopes": [scope]}));
        let answer = send(&gateway, path, &format!("Bearer {key}"), "token=x");
        assert_eq!(answer.status, 403);
        let challenge =
            format!("Bearer realm=\"isogloss\", error=\"insufficient_scope\", scope=\"{lacking}\"");
        assert_eq!(answer.header("WWW-Authenticate"), Some(&*challenge));
        assert_eq!(answer.json().unwrap()["error"], "insufficient_scope");
    }
}
