//! A disk that is full, and a file that is moved, until it is available again.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use isogloss_testkit::{Gateway, Request};

use crate::audit::events::{of, of_file};
use crate::audit::{gateway, log_in};

fn lost(gateway: &Gateway) -> usize {
    let metrics = Request::get("/metrics").send(gateway.management()).unwrap();
    let metrics = metrics.text();
    let counts = metrics.lines().filter_map(|line| {
        let (name, count) = line.rsplit_once(' ')?;
        name.starts_with("isogloss_audit_lost_total{")
            .then_some(count)
    });
    counts.map(|count| count.parse::<usize>().unwrap()).sum()
}

fn count_logged(gateway: &Gateway, text: &str) -> usize {
    let log = gateway.log();
    log.iter().filter(|line| line.contains(text)).count()
}

const FAILS: &str = "the audit log cannot be written";
const LOSES: &str = "the audit log loses events";
const RECOVERED: &str = "the audit log is written again";

#[test]
fn a_full_disk_costs_no_request_and_is_counted_and_told_once() {
    let gateway = gateway()
        .env("ISOGLOSS__AUDIT__TO", "file:/dev/full")
        .env("ISOGLOSS__AUDIT__QUEUE", "5");
    let mut gateway = gateway.start().unwrap();
    for _ in 0..20 {
        assert_eq!(log_in(&gateway, "sample", "sample-demo").status, 200);
    }
    assert!(gateway.logs(FAILS) && gateway.logs(LOSES));
    // Some events still wait for the disk: those in the queue, and those of the write that fails.
    let lost = lost(&gateway);
    assert!((20..=36).contains(&lost), "{lost}");
    assert!(gateway.terminate().unwrap().success());
    assert_eq!(count_logged(&gateway, FAILS), 1);
    assert_eq!(count_logged(&gateway, LOSES), 1);
}

#[test]
fn a_file_that_can_be_written_again_gets_what_has_waited() {
    let folder = tempfile::TempDir::new().unwrap();
    let blocked = folder.path().join("log");
    fs::write(&blocked, "no folder").unwrap();
    let path = blocked.join("audit.jsonl");
    let mut gateway = gateway()
        .env("ISOGLOSS__AUDIT__TO", format!("file:{}", path.display()))
        .start()
        .unwrap();
    assert!(gateway.logs(FAILS), "at the start");
    assert_eq!(log_in(&gateway, "sample", "sample-demo").status, 200);
    fs::remove_file(&blocked).unwrap();
    assert!(gateway.logs(RECOVERED));
    log_in(&gateway, "sample", "sample-demo");
    assert!(gateway.terminate().unwrap().success());
    assert_eq!(lines(&path), 5, "the directory, two logins, two tokens");
    assert_eq!(
        (count_logged(&gateway, FAILS), count_logged(&gateway, LOSES)),
        (1, 0)
    );
}

#[test]
fn a_file_that_is_moved_away_is_begun_anew_and_is_its_owners_only() {
    let gateway = gateway().start().unwrap();
    log_in(&gateway, "sample", "sample-demo");
    of(&gateway, 2);
    let path = gateway.folder().join("data/audit.jsonl");
    let moved = path.with_extension("jsonl.1");
    fs::rename(&path, &moved).unwrap();
    // As some tools do that rotate log files.
    let mut hangup = Command::new("kill");
    hangup.arg("-HUP").arg(gateway.id().to_string());
    assert!(hangup.status().unwrap().success());
    log_in(&gateway, "sample", "sample-demo");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while lines(&path) < 2 {
        assert!(std::time::Instant::now() < deadline, "no new file in 30 s");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!((lines(&moved), lines(&path)), (3, 2));
    let mode = path.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn lines_on_the_standard_output_are_nothing_but_events() {
    let gateway = gateway().env("ISOGLOSS__AUDIT__TO", "stdout");
    let mut gateway = gateway.start().unwrap();
    log_in(&gateway, "sample", "sample-demo");
    assert!(gateway.terminate().unwrap().success());
    let log = gateway.log();
    let events = log.iter().filter(|line| line.starts_with(r#"{"time":"#));
    let events: Vec<_> = events.collect();
    assert_eq!(events.len(), 3, "{log:#?}");
    assert!(events[1].contains(r#""event":"login","outcome":"done""#));
    assert!(!gateway.folder().join("data/audit.jsonl").exists());
}

fn lines(path: &Path) -> usize {
    of_file(path).len()
}
