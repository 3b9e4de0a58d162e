//! A new pepper takes the place of the old one while the gateway's clients stay logged in.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

use conformance::{Builder, Gateway, Request, Store};
use serde_json::json;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_isogloss-under-test");
const OLD: &str = "the pepper of last year";
const NEW: &str = "the pepper of this year";

fn gateway(folder: &TempDir, pepper: &str, previous: Option<&str>) -> Builder {
    let builder = Gateway::builder(PROGRAM)
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

/// The directory file was applied under the old pepper, and is not applied again under the new one.
#[test]
fn who_was_disabled_by_hand_stays_disabled() {
    let folder = TempDir::new().unwrap();
    let mut first = gateway(&folder, OLD, None).start().unwrap();
    login(&first);
    first.terminate().unwrap();
    let mut disable = Command::new(PROGRAM);
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
