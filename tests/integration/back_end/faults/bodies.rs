//! Back ends whose bodies are not what their heads announce: no client takes a part for the whole, or another response
//! for its own.

use isogloss_testkit::dialects::{HeldToken, dialect};
use isogloss_testkit::{Signal, Step};

use super::{IMPATIENT, name_of};
use crate::back_end::{Settings, Site};

const LENGTH: &str = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const UNTIL_CLOSED: &str = "HTTP/1.1 200 OK\r\n\r\n";
/// A response that no client asked for.
const EXTRA: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nextra";

/// What the back end does for a call that breaks off, by its name.
fn incomplete() -> Vec<(&'static str, Vec<Step>)> {
    let respond = |text: &str, end: Step| vec![Step::ReadBody, Step::Send(text.into()), end];
    let silence = || Step::Wait(Signal::default());
    let half = "a".repeat(50_000);
    let with = |head: &str| format!("{head}{half}");
    let chunk = format!("{CHUNKED}5\r\nabcde\r\n");
    vec![
        ("length-fin", respond(&with(LENGTH), Step::Close)),
        ("length-reset", respond(&with(LENGTH), Step::Reset)),
        ("length-silence", respond(&with(LENGTH), silence())),
        ("length-nothing", respond(LENGTH, Step::Close)),
        ("chunks-fin", respond(&chunk, Step::Close)),
        ("chunks-reset", respond(&chunk, Step::Reset)),
        ("chunks-silence", respond(&chunk, silence())),
        (
            "chunk-fin",
            respond(&format!("{CHUNKED}ff\r\nabcde"), Step::Close),
        ),
        (
            "no-chunk-size",
            respond(&format!("{chunk}x\r\nabc\r\n"), silence()),
        ),
        (
            "long-chunk",
            respond(&format!("{CHUNKED}5\r\nabcdefgh\r\n0\r\n\r\n"), silence()),
        ),
        (
            "huge-chunk",
            respond(&format!("{chunk}ffffffffffffffffff\r\nabc"), silence()),
        ),
        ("until-reset", respond(&with(UNTIL_CLOSED), Step::Reset)),
        ("until-silence", respond(&with(UNTIL_CLOSED), silence())),
    ]
}

/// What the back end does for a call whose response is followed by more bytes.
fn excessive() -> Vec<(&'static str, String)> {
    let length = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nright";
    vec![
        ("more-bytes", format!("{length} and more")),
        ("a-second-response", format!("{length}{EXTRA}")),
        (
            "after-chunks",
            format!("{CHUNKED}5\r\nright\r\n0\r\n\r\n{EXTRA}"),
        ),
        (
            "after-trailers",
            format!("{CHUNKED}5\r\nright\r\n0\r\nX-A: b\r\n\r\n{EXTRA}"),
        ),
        (
            "after-nothing",
            format!("HTTP/1.1 204 No Content\r\n\r\n{EXTRA}"),
        ),
        (
            "after-unchanged",
            format!("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n{EXTRA}"),
        ),
    ]
}

fn site() -> (Site, HeldToken) {
    let settings = Settings {
        proxy: &format!("{IMPATIENT}failures = 1000000\n"),
        ..Settings::default()
    };
    let site = Site::start(&settings, |request| {
        let name = name_of(request);
        let broken = incomplete().into_iter().find(|(other, _)| *other == name);
        let excess = excessive().into_iter().find(|(other, _)| *other == name);
        match (broken, excess) {
            (Some((_, steps)), _) => steps,
            (None, Some((_, response))) => Step::respond(response),
            (None, None) => Step::text(&name),
        }
    });
    let held = site.log_in(&dialect("memsource"), "linguist");
    (site, held)
}

#[test]
fn a_body_that_breaks_off_never_looks_whole() {
    let (site, held) = site();
    for (name, _) in incomplete() {
        for method in ["GET", "POST"] {
            let response = site.try_call(&held, method, name);
            assert!(response.is_err(), "{method} {name}: {response:?}");
            assert_eq!(site.times(&held, method, name), 1, "{method} {name}");
        }
    }
    site.assert_logins_succeed();
}

#[test]
fn a_response_that_nobody_asked_for_reaches_no_client() {
    let (site, held) = site();
    for (name, response) in excessive() {
        for method in ["GET", "POST"] {
            if let Ok(received) = site.try_call(&held, method, name) {
                let whole = response.contains("right").then_some("right");
                assert_eq!(
                    received.text(),
                    whole.unwrap_or_default(),
                    "{method} {name}"
                );
            }
            for number in 0..3 {
                let next = format!("after-{name}-{number}");
                let received = site.try_call(&held, method, &next).unwrap();
                assert_eq!(received.text(), next, "{method} {name}");
            }
        }
    }
}

#[test]
fn a_body_until_the_end_of_the_connection_arrives_whole() {
    let body = "a".repeat(200_000);
    let response = format!("HTTP/1.0 200 OK\r\n\r\n{body}");
    let site = Site::start(&Settings::default(), move |_| {
        vec![
            Step::ReadBody,
            Step::Send(response.clone().into()),
            Step::Close,
        ]
    });
    let held = site.log_in(&dialect("memsource"), "linguist");
    let received = site.try_call(&held, "GET", "list").unwrap();
    assert_eq!(received.text(), body);
}
