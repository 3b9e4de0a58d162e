//! A new pepper replaces the old one while the gateway's clients stay logged in.

use std::process::Command;

use isogloss_testkit::{Builder, Gateway, Request, Store};
use serde_json::{Value, json};
use tempfile::TempDir;

const OLD: &str = "the pepper of last year";
const NEW: &str = "the pepper of this year";

fn gateway(folder: &TempDir, pepper: &str, previous: Option<&str>) -> Builder {
    let builder = Gateway::builder(crate::PROGRAM)
        .store(Store::Embedded)
        .folder(folder.path())
        .env("ISOGLOSS__TOKENS__PEPPER", pepper);
    match previous {
        Some(previous) => builder.env("ISOGLOSS__TOKENS__PREVIOUS_PEPPER", previous),
        None => builder,
    }
}

fn login(gateway: &Gateway) -> String {
    let body = json!({"user_id": "test@bimplus.net", "password": "test"});
    let request = Request::post("/v2/authorize").json(&body);
    let answer = request.send(gateway.public()).unwrap().json().unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

fn status(gateway: &Gateway, token: &str) -> u16 {
    let request = Request::get("/v2/authorize").header("Authorization", format!("BimPlus {token}"));
    request.send(gateway.public()).unwrap().status
}

#[test]
fn tokens_of_the_old_pepper_are_good_while_it_is_named() {
    let folder = TempDir::new().unwrap();
    let mut first = gateway(&folder, OLD, None).start().unwrap();
    let old = login(&first);
    first.terminate().unwrap();

    let mut both = gateway(&folder, NEW, Some(OLD)).start().unwrap();
    assert_eq!(status(&both, &old), 200);
    let new = login(&both);
    both.terminate().unwrap();

    let done = gateway(&folder, NEW, None).start().unwrap();
    assert_eq!((status(&done, &old), status(&done, &new)), (401, 200));
}

fn status_of_key(gateway: &Gateway, key: &str) -> u16 {
    let request = Request::post("/introspect").header("Authorization", format!("Bearer {key}"));
    let answer = request.form("token=x").send(gateway.management());
    answer.unwrap().status
}

fn login_by_card(gateway: &Gateway, code: &str) -> Value {
    let body = json!({
        "organisation": "CRMDEMO",
        "access_token_identifier": {"authentication_code": code},
    });
    let request = Request::post("/crmapi/rest/v2/authentication/token").json(&body);
    let answer = request.send(gateway.public()).unwrap().json().unwrap();
    answer["status"]["code"].clone()
}

const CODE: &str = "CCD4537CA4AD4EE8912FFBAE53110601";
const KEY: &str = "demo-introspection-key";

#[test]
fn no_card_and_no_key_ends_with_a_pepper() {
    let folder = TempDir::new().unwrap();
    let mut peppers = vec![(OLD, None), (NEW, Some(OLD)), (NEW, None)];
    peppers.extend([
        ("the pepper of next year", Some(NEW)),
        ("the pepper of next year", None),
    ]);
    for (pepper, previous) in peppers {
        let mut gateway = gateway(&folder, pepper, previous).start().unwrap();
        gateway.wait_until_ready().unwrap();
        let when = format!("{pepper}, {previous:?}");
        assert_eq!(login_by_card(&gateway, CODE), "OK", "{when}");
        assert_eq!(status_of_key(&gateway, KEY), 200, "{when}");
        gateway.terminate().unwrap();
    }
}

#[test]
fn cards_and_keys_are_unavailable_while_their_pepper_is_missing() {
    let folder = TempDir::new().unwrap();
    let mut first = gateway(&folder, OLD, None).start().unwrap();
    first.wait_until_ready().unwrap();
    assert_eq!(login_by_card(&first, CODE), "OK");
    first.terminate().unwrap();

    let mut wrong = gateway(&folder, NEW, None).start().unwrap();
    let text = "no pepper of the configuration opens this digest key of the directory";
    assert!(wrong.logs(text));
    for code in [CODE, "11D4537CA4AD4EE8912FFBAE53110601"] {
        let answer = login_by_card(&wrong, code);
        assert_ne!(answer, "OK", "{code}");
        assert!(
            !answer.to_string().contains("INVALIDACCESSTOKEN"),
            "{answer}"
        );
    }
    assert_eq!(status_of_key(&wrong, KEY), 503);
    let ready = Request::get("/readyz").send(wrong.management()).unwrap();
    let body = ready.json().unwrap();
    let keys = body["directory"]["unreadable_digest_keys"]
        .as_array()
        .unwrap();
    assert_eq!((ready.status, keys.len()), (200, 1), "{body}");
    let lines = wrong.log();
    let count = lines.iter().filter(|line| line.contains(text)).count();
    assert_eq!(count, 1, "{lines:?}");
    wrong.terminate().unwrap();

    let right = gateway(&folder, OLD, None).start().unwrap();
    assert_eq!(login_by_card(&right, CODE), "OK");
    assert_eq!(status_of_key(&right, KEY), 200);
    let ready = Request::get("/readyz").send(right.management()).unwrap();
    assert_eq!(ready.json().unwrap(), json!({"status": "ok"}));
}

/// The directory file was applied with the old pepper, and is not applied again with the new one.
#[test]
fn who_was_disabled_by_hand_stays_disabled() {
    let folder = TempDir::new().unwrap();
    let mut first = gateway(&folder, OLD, None).start().unwrap();
    login(&first);
    first.terminate().unwrap();
    let mut disable = Command::new(crate::PROGRAM);
    let settings = gateway(&folder, OLD, None).command(folder.path()).unwrap();
    for (key, value) in settings.get_envs() {
        disable.env(key, value.unwrap_or_default());
    }
    let disabled = disable.args(["user", "disable", "test@bimplus.net"]);
    assert!(disabled.status().unwrap().success());

    let rotated = gateway(&folder, NEW, Some(OLD)).start().unwrap();
    let body = json!({"user_id": "test@bimplus.net", "password": "test"});
    let answer = Request::post("/v2/authorize").json(&body);
    assert_eq!(answer.send(rotated.public()).unwrap().status, 403);
}
