//! `isogloss backup` and `isogloss restore`: nothing acknowledged is lost, nothing that ended is valid again.

mod damaged;
mod jwt_secrets;
mod refused;
mod site;

use std::os::unix::fs::PermissionsExt as _;

use isogloss_testkit::{Postgres, Redis, Store};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::backup::site::{Site, Work};

/// Backs up a site under load, restores it at another one, and checks for everything that was acknowledged.
fn moves(from: &Site, to: &Site) {
    let room = TempDir::new().unwrap();
    let folder = room.path().join("new/backup");
    let folder = folder.to_str().unwrap();
    let gateway = from.start("");
    let work = Work::done_at(&gateway);
    let before = Work::under_load(&gateway, || {
        from.command(&gateway, &["backup", folder, "--json"]).json()
    });
    let users = before["users"].as_u64().unwrap();
    assert!(
        before["tokens"].as_u64().unwrap() >= work.live.len() as u64,
        "{before}"
    );
    assert_eq!(before["secrets"], json!(["pepper"]));
    let mode = |name: &str| {
        let found = std::path::Path::new(folder).join(name).metadata().unwrap();
        found.permissions().mode() & 0o777
    };
    assert_eq!(
        [
            mode(""),
            mode("pepper"),
            mode("tokens"),
            mode("manifest.json")
        ],
        [0o700, 0o600, 0o600, 0o600]
    );
    drop(gateway);

    let restored = to.alone(&["restore", folder, "--json"]).json();
    assert_eq!(restored["users"].as_u64(), Some(users));
    assert_eq!(restored["tokens"], before["tokens"]);
    let gateway = to.start("");
    work.is_there(&gateway);
    let audit = to.alone(&[
        "audit", "list", "--event", "login", "--limit", "10000", "--json",
    ]);
    let logins = audit.json().as_array().unwrap().len();
    assert!(logins >= work.logins(), "{logins}");
    let usage = to.alone(&["sunset", "report", "--json"]).json();
    let calls = calls(&usage);
    assert!(calls >= work.logins() as u64, "{calls}: {usage}");
    // A restored site can be backed up like any other.
    let second = room.path().join("second");
    let second = second.to_str().unwrap();
    to.command(&gateway, &["backup", second, "--json"]).json();
}

fn calls(usage: &Value) -> u64 {
    match usage {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| match (name.as_str(), value.as_u64()) {
                ("calls", Some(calls)) => calls,
                _ => calls(value),
            })
            .sum(),
        Value::Array(values) => values.iter().map(calls).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

#[test]
fn sqlite_and_embedded_tokens_are_moved_under_load() {
    moves(
        &Site::new(Store::Embedded, None),
        &Site::new(Store::Embedded, None),
    );
}

#[test]
fn postgres_and_tokens_in_redis_are_moved_under_load() {
    let (one, two) = (Redis::start().unwrap(), Redis::start().unwrap());
    let server = Postgres::shared().unwrap();
    let database = || Some(server.new_database().unwrap());
    moves(
        &Site::new(Store::Redis(one.url()), database()),
        &Site::new(Store::Redis(two.url()), database()),
    );
}

#[test]
fn tokens_move_from_redis_to_a_file_and_back() {
    let (one, two) = (Redis::start().unwrap(), Redis::start().unwrap());
    let embedded = || Site::new(Store::Embedded, None);
    moves(&Site::new(Store::Redis(one.url()), None), &embedded());
    moves(&embedded(), &Site::new(Store::Redis(two.url()), None));
}

#[test]
fn postgres_and_embedded_tokens_are_moved_under_load() {
    let server = Postgres::shared().unwrap();
    let database = || Some(server.new_database().unwrap());
    moves(
        &Site::new(Store::Embedded, database()),
        &Site::new(Store::Embedded, database()),
    );
}

#[test]
fn a_gateway_that_keeps_tokens_in_memory_has_the_rest_backed_up() {
    let room = TempDir::new().unwrap();
    let folder = room.path().join("backup");
    let folder = folder.to_str().unwrap();
    let site = Site::new(Store::Memory, None);
    let gateway = site.start("");
    let said = site.command(&gateway, &["backup", folder]).done();
    assert!(
        said.contains("no tokens (they are in the memory of the gateway, and end with it)"),
        "{said}"
    );
    drop(gateway);
    let other = Site::new(Store::Embedded, None);
    let restored = other.alone(&["restore", folder, "--json"]).json();
    assert_eq!(restored["tokens"], Value::Null);
}
