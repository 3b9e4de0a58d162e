//! What is sent, and what is not; settings with which nothing can be sent.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use isogloss_authority_http::{HookAuthority, HookSettings};
use isogloss_core::authority::Decision;
use isogloss_testkit::{AuthorityServer, AuthorityUser};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{hook, judge, settings};

/// Returns the signature of Standard Webhooks 1.0, as a receiver computes it.
fn signature(id: &str, timestamp: &str, body: &[u8]) -> String {
    let secret = AuthorityServer::HOOK_SECRET.strip_prefix("whsec_").unwrap();
    let secret = BASE64.decode(secret.as_bytes()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
    mac.update(&[id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat());
    format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
}

#[tokio::test]
async fn a_request_has_what_is_documented_and_a_signature() {
    let server = AuthorityServer::hook([]).unwrap();
    judge(&hook(&server), "kím\"", "p\\ä€").await;
    let requests = server.requests();
    let [request] = requests.as_slice() else {
        panic!("{} requests", requests.len())
    };
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let expected = json!({
        "login": "kím\"", "password": "p\\ä€", "external_id": null, "dialect": "bimplus",
        "organisation": "CRMDEMO", "source": "192.0.2.7",
    });
    assert_eq!(body, expected);
    let header = |name: &str| {
        let mut all = request.headers.iter().filter(|(known, _)| known == name);
        let (_, value) = all.next().unwrap_or_else(|| panic!("no {name}"));
        value.as_str()
    };
    assert_eq!(header("content-type"), "application/json");
    assert!(header("webhook-id").starts_with("msg_"));
    let expected = signature(
        header("webhook-id"),
        header("webhook-timestamp"),
        &request.body,
    );
    assert_eq!(header("webhook-signature"), expected);
}

#[tokio::test]
async fn what_no_user_can_have_is_not_sent() {
    let server = AuthorityServer::hook([AuthorityUser::new("kim", "")]).unwrap();
    let hook = hook(&server);
    for (login, password) in [("kim", ""), ("", "right"), ("k\0m", "right")] {
        assert_eq!(judge(&hook, login, password).await, Decision::Rejected);
    }
    assert!(server.requests().is_empty());
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let server = AuthorityServer::hook([]).unwrap();
    let refused = |settings: HookSettings| {
        let error = HookAuthority::new(settings).err();
        error.map(|error| error.to_string()).unwrap_or_default()
    };
    let secret = HookSettings {
        secret: "short".into(),
        ..settings(&server)
    };
    assert!(refused(secret).starts_with("secret: "));
    let url = HookSettings {
        url: "http://192.0.2.1/".parse().unwrap(),
        ..settings(&server)
    };
    assert!(refused(url).starts_with("url: "));
    let missing = HookSettings {
        ca_file: Some("/nowhere.pem".into()),
        ..settings(&server)
    };
    assert!(refused(missing).starts_with("ca_file: "));
    let half = HookSettings {
        client_certificate_file: Some(server.ca_file()),
        ..settings(&server)
    };
    assert!(refused(half).starts_with("client_certificate_file: "));
    let no_key = HookSettings {
        client_certificate_file: Some(server.ca_file()),
        client_key_file: Some(server.ca_file()),
        ..settings(&server)
    };
    assert!(refused(no_key).starts_with("client_key_file: "));
}
