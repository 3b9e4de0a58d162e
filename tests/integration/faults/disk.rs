//! The disk of the embedded store is full.

use std::time::{Duration, Instant};

use isogloss_testkit::{Gateway, Request, Response, Store};
use serde_json::json;

use crate::faults::{gateway, survives};
use isogloss_testkit::SmallDisk;

/// Starts a gateway whose files are all on that disk.
fn gateway_on(disk: &SmallDisk) -> Gateway {
    let gateway = gateway(Store::Embedded).folder(disk.path()).start();
    let gateway = gateway.unwrap();
    gateway.wait_until_ready().unwrap();
    gateway
}

#[test]
fn it_fills_up_and_is_cleared() {
    let disk = SmallDisk::mount();
    let gateway = gateway_on(&disk);
    survives("disk full", &gateway, || disk.fill(), || disk.empty());
}

/// Checks responses while the disk is full, and after there is space again.
#[test]
fn a_full_disk_refuses_logins_and_log_outs_and_no_live_token() {
    let disk = SmallDisk::mount();
    let gateway = gateway_on(&disk);
    let server = gateway.public();
    let login =
        Request::post("/v2/authorize").json(&json!({"user_id": "admin", "password": "admin-demo"}));
    let token = |answer: &Response| {
        let answer = answer.json().unwrap();
        format!("BimPlus {}", answer["access_token"].as_str().unwrap())
    };
    let token = token(&login.send(server).unwrap());
    let check = Request::get("/v2/authorize").header("Authorization", &token);
    let log_out = Request::new("DELETE", "/v2/authorize").header("Authorization", &token);
    disk.fill();
    let mut refused = 0;
    // Logins succeed until the free space inside the database file is used.
    while refused < 20 {
        let status = login.send(server).unwrap().status;
        assert!([200, 503].contains(&status), "login: {status}");
        refused += usize::from(status == 503);
        assert_eq!(check.send(server).unwrap().status, 200, "a valid token");
    }
    // For a short time after a failed write, no further write is tried.
    assert_eq!(log_out.send(server).unwrap().status, 503);
    assert_eq!(check.send(server).unwrap().status, 200, "it was not ended");
    disk.empty();
    let patience = Instant::now() + Duration::from_secs(10);
    while log_out.send(server).unwrap().status == 503 {
        assert!(Instant::now() < patience, "the store takes no changes");
    }
    assert_eq!(check.send(server).unwrap().status, 401);
    assert_eq!(login.send(server).unwrap().status, 200);
}
