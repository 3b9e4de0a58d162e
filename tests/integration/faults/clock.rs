//! The system clock is set while the gateway runs.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use isogloss_testkit::Store;
use tempfile::TempDir;

use crate::faults::{gateway, survives};

/// Returns the path of libfaketime, which provides the time to a gateway that starts with it.
fn library() -> PathBuf {
    let listed = Command::new("sh")
        .args([
            "-c",
            "find / -xdev -name libfaketimeMT.so.1 2>/dev/null | head -n 1",
        ])
        .output()
        .unwrap();
    let path = String::from_utf8(listed.stdout).unwrap();
    assert!(!path.trim().is_empty(), "libfaketime is not to be found");
    path.trim().into()
}

/// Sets the clock by that many seconds and back. Tokens live for hours or more, so a step of an hour ends none.
fn is_set(by: &str) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("time");
    let set = |to: &str| fs::write(&file, format!("{to}\n")).unwrap();
    set("+0");
    let gateway = gateway(Store::Embedded)
        .folder(folder.path())
        .env("LD_PRELOAD", library().display().to_string())
        .env("FAKETIME_TIMESTAMP_FILE", file.display().to_string())
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("ISOGLOSS__DIALECTS__CRMCOM__TOKEN_LIFETIME", "1day")
        .start()
        .unwrap();
    gateway.wait_until_ready().unwrap();
    survives(
        &format!("clock set by {by}"),
        &gateway,
        || set(by),
        || set("+0"),
    );
}

#[test]
fn an_hour_ahead_and_back() {
    is_set("+3600");
}

#[test]
fn an_hour_back_and_ahead() {
    is_set("-3600");
}
