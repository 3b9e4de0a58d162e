//! Back ends that send no head, or none that is HTTP.

use std::thread;
use std::time::Duration;

use isogloss_testkit::dialects::{Dialect, dialects};
use isogloss_testkit::{Signal, Step};

use super::{IMPATIENT, name_of};
use crate::back_end::{Settings, Site};

const PAUSE: Duration = Duration::from_millis(100);
const OK: &str = "HTTP/1.1 200 OK\r\n";

/// Bytes that are no response, or an ambiguous one.
const INVALID: [(&str, &str); 15] = [
    (
        "two-framings",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
    ),
    ("garbage", "\u{16}\u{3}\u{1} \u{fffd}\u{fffd}\r\n\r\n"),
    ("no-head", "hello, world\r\n\r\n"),
    ("no-status", "HTTP/1.1 \r\n\r\n"),
    ("a-word-as-status", "HTTP/1.1 fine\r\n\r\n"),
    (
        "another-version",
        "HTTP/3.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "two-lengths",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
    ),
    (
        "no-number",
        "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nabcde",
    ),
    (
        "negative",
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabcde",
    ),
    (
        "a-space",
        "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nabcde",
    ),
    (
        "folded",
        "HTTP/1.1 200 OK\r\nX-A: b\r\n Content-Length: 5\r\n\r\nabcde",
    ),
    (
        "a-zero-byte",
        "HTTP/1.1 200 OK\r\nX-A: b\0c\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "no-name",
        "HTTP/1.1 200 OK\r\n: b\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "unasked-upgrade",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ),
    ("a-request", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
];

/// Returns what the back end does for a call, by its name, and the status that a client gets.
fn faults() -> Vec<(&'static str, Vec<Step>, u16)> {
    let read_and = |steps: &[Step]| [&[Step::ReadBody], steps].concat();
    let endless = |text: &str| Step::Repeat(text.repeat(1000).into_bytes(), u64::MAX);
    let send = |text: &str| Step::Send(text.into());
    let mut drip = vec![send(OK)];
    drip.extend(repeated(&[send("X"), Step::Pause(PAUSE)]));
    let mut faults = vec![
        ("silence", Step::silence(), 504),
        ("fin", read_and(&[Step::Close]), 502),
        ("reset", read_and(&[Step::Reset]), 502),
        ("reset-before-the-body", vec![Step::Reset], 502),
        (
            "half-a-head",
            read_and(&[send(OK), send("X-A: b"), Step::Close]),
            502,
        ),
        ("half-a-head-reset", read_and(&[send(OK), Step::Reset]), 502),
        (
            "half-a-head-silence",
            read_and(&[send(OK), Step::Wait(Signal::default())]),
            504,
        ),
        ("slow-head", read_and(&drip), 504),
        (
            "endless-head",
            read_and(&[send(OK), endless("X-A: bcd\r\n")]),
            502,
        ),
        (
            "endless-line",
            read_and(&[send(OK), send("X-A: "), endless("bcde")]),
            502,
        ),
        (
            "endless-reason",
            read_and(&[send("HTTP/1.1 200 "), endless("OK")]),
            502,
        ),
        (
            "early-hints-then-silence",
            read_and(&[
                send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"),
                Step::Wait(Signal::default()),
            ]),
            504,
        ),
        (
            "continue-for-ever",
            read_and(&repeated(&[
                send("HTTP/1.1 100 Continue\r\n\r\n"),
                Step::Pause(PAUSE),
            ])),
            504,
        ),
    ];
    for (name, response) in INVALID {
        faults.push((name, Step::respond(response), 502));
    }
    faults
}

/// Returns the steps a hundred times, which takes longer than the gateway waits.
fn repeated(steps: &[Step]) -> Vec<Step> {
    steps
        .iter()
        .cycle()
        .take(steps.len() * 100)
        .cloned()
        .collect()
}

fn site() -> Site {
    let faults = faults();
    let settings = Settings {
        proxy: &format!("{IMPATIENT}failures = 1000000\nconnections = 1000\n"),
        ..Settings::default()
    };
    Site::start(&settings, move |request| {
        let name = name_of(request);
        let mut faults = faults.iter();
        let found = faults.find(|(other, ..)| *other == name);
        found.map_or_else(|| Step::text("fine"), |(_, steps, _)| steps.clone())
    })
}

/// Sends a call to each fault, all at once, and checks the responses.
fn assert_all_unavailable(site: &Site, dialect: &Dialect) {
    let held = site.log_in(dialect, "linguist");
    thread::scope(|scope| {
        for (name, _, status) in faults() {
            for method in ["GET", "POST"] {
                let (site, held) = (&site, &held);
                scope.spawn(move || {
                    let response = site.try_call(held, method, name).unwrap();
                    let what = format!("{method} {name}");
                    dialect.assert_back_end_unavailable(&what, status, &response);
                });
            }
        }
        site.assert_logins_succeed();
    });
    for (name, ..) in faults() {
        for method in ["GET", "POST"] {
            let times = site.times(&held, method, name);
            assert_eq!(times, 1, "{}: {method} {name}", dialect.name);
        }
    }
    let response = site.try_call(&held, "GET", "list").unwrap();
    assert_eq!(response.text(), "fine", "{}", dialect.name);
}

#[test]
fn without_a_valid_head_clients_get_the_unavailable_of_their_dialect() {
    let site = site();
    for dialect in dialects() {
        assert_all_unavailable(&site, dialect);
    }
}
