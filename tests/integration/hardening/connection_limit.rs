//! More clients than connections are allowed.

use isogloss_testkit::raw_http;

use crate::hardening::{assert_served, impatient};

#[test]
fn who_finds_no_room_waits_until_the_idle_are_gone() {
    let gateway = impatient()
        .env("ISOGLOSS__SERVER__WORKERS", "1")
        .env("ISOGLOSS__SERVER__MAX_CONNECTIONS", "20")
        .start()
        .unwrap();
    let idle: Vec<_> = (0..60)
        .map(|_| raw_http::send(gateway.public(), b""))
        .collect();
    assert_served(&gateway);
    drop(idle);
}

#[test]
fn the_management_listener_has_room_of_its_own() {
    let gateway = impatient()
        .env("ISOGLOSS__SERVER__WORKERS", "1")
        .env("ISOGLOSS__SERVER__MAX_CONNECTIONS", "20")
        .env("ISOGLOSS__SERVER__HEAD_TIMEOUT", "10m")
        .start()
        .unwrap();
    let idle: Vec<_> = (0..60)
        .map(|_| raw_http::send(gateway.public(), b""))
        .collect();
    gateway.wait_until_ready().unwrap();
    drop(idle);
}
