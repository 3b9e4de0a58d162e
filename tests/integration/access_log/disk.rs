//! A disk that is full, and a file that is moved.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use isogloss_testkit::servers::wait_until;
use isogloss_testkit::{Gateway, Request};

use super::{gateway, lines, log_in};

fn lost(gateway: &Gateway) -> usize {
    let metrics = Request::get("/metrics").send(gateway.management()).unwrap();
    let metrics = metrics.text();
    let count = metrics.lines().find_map(|line| {
        let (name, count) = line.rsplit_once(' ')?;
        let is_it = name == r#"isogloss_access_log_lost_total{sink="file"}"#;
        is_it.then(|| count.parse().unwrap())
    });
    count.unwrap()
}

fn count_logged(gateway: &Gateway, text: &str) -> usize {
    let log = gateway.log();
    log.iter().filter(|line| line.contains(text)).count()
}

const FAILS: &str = "the access log cannot be written";
const LOSES: &str = "the access log loses lines";

#[test]
fn a_full_disk_delays_no_login_and_lost_lines_are_counted() {
    let gateway = gateway("json")
        .env("ISOGLOSS__LOGGING__ACCESS_TO", "file:/dev/full")
        .env("ISOGLOSS__LOGGING__ACCESS_QUEUE", "5");
    let mut gateway = gateway.start().unwrap();
    assert_eq!(lost(&gateway), 0);
    for _ in 0..50 {
        assert_eq!(log_in(&gateway, "sample-demo").status, 200);
    }
    assert!(gateway.logs(FAILS) && gateway.logs(LOSES));
    // The others still wait: those in the queue, and those of the write that fails.
    let lost = lost(&gateway);
    assert!((20..=45).contains(&lost), "{lost}");
    assert!(gateway.terminate().unwrap().success());
    assert_eq!(count_logged(&gateway, FAILS), 1);
    assert_eq!(count_logged(&gateway, LOSES), 1);
}

#[test]
fn a_file_that_is_moved_away_is_begun_anew_and_is_its_owners_only() {
    let gateway = gateway("json").start().unwrap();
    gateway.wait_until_ready().unwrap();
    log_in(&gateway, "sample-demo");
    lines(&gateway, 1);
    let path = gateway.folder().join("access");
    let moved = path.with_extension("1");
    fs::rename(&path, &moved).unwrap();
    // As some tools do that rotate log files.
    gateway.hang_up().unwrap();
    assert!(gateway.logs("the configuration is reloaded"));
    log_in(&gateway, "sample-demo");
    log_in(&gateway, "sample-demo");
    lines(&gateway, 2);
    let count = |text: String| text.lines().count();
    assert_eq!(count(fs::read_to_string(&moved).unwrap()), 1);
    let mode = path.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_setting_that_changes_waits_for_a_restart() {
    let folder = tempfile::TempDir::new().unwrap();
    let gateway = Gateway::builder(crate::PROGRAM)
        .folder(folder.path())
        .config_text("[logging]\naccess_to = 'none'")
        .start()
        .unwrap();
    gateway.wait_until_ready().unwrap();
    // The second file of the builder, after its budgets.
    let file = folder.path().join("test-1.toml");
    fs::write(file, "[logging]\naccess_to = 'file:access'").unwrap();
    gateway.hang_up().unwrap();
    let waits = |line: &String| {
        line.contains("a changed setting waits for a restart") && line.contains("logging.access_to")
    };
    wait_until("a warning", || gateway.log().iter().any(waits)).unwrap();
    log_in(&gateway, "sample-demo");
    assert!(!folder.path().join("access").exists());
}
