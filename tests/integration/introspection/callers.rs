//! Which callers may introspect, in which form, and for which dialects.

use isogloss_testkit::dialects::{TestUser, TokenKind};
use isogloss_testkit::{Gateway, Request, Store};
use serde_json::json;

use crate::introspection::{gateway, introspect, post};

#[test]
fn a_dialect_may_be_named_and_then_no_other_is_asked() {
    let gateway = gateway();
    let tokens = TestUser::admin().every_token(gateway.public()).unwrap();
    let token = &tokens
        .iter()
        .find(|held| held.kind == TokenKind::of("bimplus", "access"))
        .unwrap()
        .text;
    let ask = |dialect| {
        post(
            &gateway,
            "/introspect",
            &[("token", token), ("dialect", dialect)],
        )
    };
    assert_eq!(ask("bimplus").json().unwrap()["active"], true);
    assert_eq!(ask("tokenlogin").json().unwrap(), json!({"active": false}));
    let unknown = ask("klingon");
    assert_eq!(unknown.status, 400);
    assert_eq!(unknown.json().unwrap()["error"], "invalid_request");
}

#[test]
fn tokens_of_a_dialect_that_is_switched_off_are_dead() {
    let folder = tempfile::tempdir().unwrap();
    let builder = || {
        Gateway::builder(crate::PROGRAM)
            .store(Store::Embedded)
            .folder(folder.path())
    };
    let mut gateway = builder().start().unwrap();
    let tokens = TestUser::admin().every_token(gateway.public()).unwrap();
    let token = &tokens
        .iter()
        .find(|held| held.kind == TokenKind::of("bimplus", "access"))
        .unwrap()
        .text;
    gateway.terminate().unwrap();
    let off = builder()
        .config_text("[dialects.bimplus]\nenabled = false")
        .start()
        .unwrap();
    assert_eq!(introspect(&off, token), json!({"active": false}));
}

#[test]
fn a_service_needs_a_key_and_a_form() {
    let gateway = gateway();
    let form = || Request::post("/introspect").form("token=x");
    let send = |request: Request| request.send(gateway.management()).unwrap();
    let (basic, bearer) = (
        "Basic realm=\"isogloss\"",
        "Bearer realm=\"isogloss\", error=\"invalid_token\"",
    );
    for (authorization, challenge) in [
        ("", basic),
        ("Bearer", bearer),
        ("Bearer demo-admin-key", bearer),
        ("bearer x", bearer),
        ("Basic eDp5", basic),
        ("BimPlus x", basic),
    ] {
        let answer = send(form().header("Authorization", authorization));
        assert_eq!(answer.status, 401, "{authorization}");
        assert_eq!(answer.header("WWW-Authenticate"), Some(challenge));
        assert_eq!(answer.json().unwrap()["error"], "invalid_client");
    }
    assert_eq!(send(form()).status, 401);
    // demo:demo-introspection-key
    let basic = "Basic ZGVtbzpkZW1vLWludHJvc3BlY3Rpb24ta2V5";
    assert_eq!(send(form().header("Authorization", basic)).status, 200);
    let with_key = |request: Request| send(request.header("Authorization", basic));
    for refused in [
        Request::post("/introspect").json(&json!({"token": "x"})),
        Request::post("/introspect").form(""),
        Request::post("/introspect").form("token="),
        Request::post("/introspect").form("token=x&token=y"),
        Request::post("/introspect?token=x"),
    ] {
        let answer = with_key(refused);
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json().unwrap()["error"], "invalid_request");
    }
    let answer = with_key(Request::get("/introspect?token=x"));
    assert_eq!(answer.status, 405);
}
