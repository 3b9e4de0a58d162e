//! Keys of services that are bound to dialects and audiences.

use isogloss_testkit::dialects::{HeldToken, TestUser};
use isogloss_testkit::{Gateway, Request, Response, Store};
use serde_json::json;

use crate::introspection::{gateway, key};
use crate::jwt::unverified_claims;

const EXCHANGE: [(&str, &str); 2] = [
    (
        "grant_type",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    ),
    (
        "subject_token_type",
        "urn:ietf:params:oauth:token-type:access_token",
    ),
];

fn post(gateway: &Gateway, path: &str, key: &str, form: &[(&str, &str)]) -> Response {
    let mut body = form_urlencoded::Serializer::new(String::new());
    Request::post(path)
        .header("Authorization", format!("Bearer {key}"))
        .form(body.extend_pairs(form).finish())
        .send(gateway.management())
        .unwrap()
}

fn introspect(gateway: &Gateway, key: &str, form: &[(&str, &str)]) -> Response {
    post(gateway, "/introspect", key, form)
}

fn exchange(gateway: &Gateway, key: &str, form: &[(&str, &str)]) -> Response {
    post(gateway, "/token", key, &[&EXCHANGE, form].concat())
}

/// Returns the token of each dialect with which its clients call services.
fn access_tokens(gateway: &Gateway) -> Vec<HeldToken> {
    let tokens = TestUser::admin().every_token(gateway.public()).unwrap();
    let is_access = |held: &HeldToken| matches!(held.kind.name, "access" | "session");
    let tokens: Vec<_> = tokens.into_iter().filter(is_access).collect();
    assert_eq!(tokens.len(), 4);
    tokens
}

fn token<'a>(tokens: &'a [HeldToken], dialect: &str) -> &'a str {
    let held = tokens.iter().find(|held| held.kind.dialect == dialect);
    &held.unwrap().text
}

#[test]
fn a_key_bound_to_dialects_sees_tokens_of_these_only() {
    let gateway = gateway();
    let bound_to = ["bimplus", "memsource"];
    let key = key(&gateway, &json!({ "dialects": bound_to }));
    for held in access_tokens(&gateway) {
        let (dialect, token) = (held.kind.dialect, &*held.text);
        let is_allowed = bound_to.contains(&dialect);
        for named in [&[][..], &[("dialect", dialect)]] {
            let introspected = [&[("token", token)], named].concat();
            let introspected = introspect(&gateway, &key, &introspected);
            assert_eq!(introspected.status, 200, "{dialect}");
            let introspected = introspected.json().unwrap();
            let exchanged = [&[("subject_token", token)], named].concat();
            let exchanged = exchange(&gateway, &key, &exchanged);
            if is_allowed {
                assert_eq!(introspected["dialect"], dialect);
                assert_eq!(exchanged.status, 200, "{dialect}");
            } else {
                assert_eq!(introspected, json!({"active": false}), "{dialect}");
                assert_eq!(exchanged.status, 400, "{dialect}");
                assert_eq!(exchanged.json().unwrap()["error"], "invalid_request");
            }
        }
    }
}

#[test]
fn a_brownout_of_another_dialect_does_not_show_the_holder_of_a_bound_key_that_a_token_is_valid() {
    let folder = tempfile::tempdir().unwrap();
    let start = |text: &str| {
        let builder = Gateway::builder(crate::PROGRAM).store(Store::Embedded);
        let builder = builder.folder(folder.path()).config_text(text);
        builder.start().unwrap()
    };
    let mut before = start("");
    let tokens = access_tokens(&before);
    assert!(before.terminate().unwrap().success());
    let during = start(
        "[sunset.crmcom]\nbrownouts = [{ from = \"2020-01-01T00:00:00Z\", until = \"2099-01-01T00:00:00Z\" }]",
    );
    let form = [("token", token(&tokens, "crmcom"))];
    let unlimited = introspect(&during, "demo-introspection-key", &form);
    assert_eq!(unlimited.status, 503);
    let bound = key(&during, &json!({"dialects": ["bimplus"]}));
    let introspected = introspect(&during, &bound, &form);
    assert_eq!(introspected.json().unwrap(), json!({"active": false}));
}

#[test]
fn a_key_bound_to_audiences_gets_jwts_for_these_only() {
    let gateway = gateway();
    let tokens = access_tokens(&gateway);
    let subject = ("subject_token", token(&tokens, "bimplus"));
    // The audience of the JWT, or the error.
    let audience = |key: &str, named: &[(&str, &str)]| {
        let answer = exchange(&gateway, key, &[&[subject], named].concat());
        let body = answer.json().unwrap();
        let Some(jwt) = body["access_token"].as_str() else {
            return (answer.status, body["error"].clone());
        };
        (answer.status, unverified_claims(jwt)["aud"].clone())
    };
    let refused = (400, json!("invalid_target"));
    for (audiences, allowed, others) in [
        (json!(["archive"]), "archive", &["services"][..]),
        (json!(["services"]), "services", &["archive"]),
        // The first one is not an audience of this gateway.
        (
            json!(["elsewhere", "archive"]),
            "archive",
            &["services", "elsewhere"],
        ),
    ] {
        let key = key(&gateway, &json!({"audiences": audiences}));
        assert_eq!(audience(&key, &[]), (200, json!(allowed)), "{audiences}");
        let named = audience(&key, &[("audience", allowed)]);
        assert_eq!(named, (200, json!(allowed)), "{audiences}");
        for other in others {
            for named in [
                &[("audience", *other)][..],
                &[("resource", other)],
                &[("audience", allowed), ("audience", other)],
            ] {
                assert_eq!(audience(&key, named), refused, "{audiences} {named:?}");
            }
        }
    }
    let elsewhere = key(&gateway, &json!({"audiences": ["elsewhere"]}));
    assert_eq!(audience(&elsewhere, &[]), refused);
    assert_eq!(
        audience("demo-introspection-key", &[]),
        (200, json!("services"))
    );
}
