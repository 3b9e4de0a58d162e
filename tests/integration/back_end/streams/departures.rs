//! A client that leaves ends the request at the back end.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use isogloss_testkit::{BackEndServer, RecordedRequest, Signal, Step, raw_http};
use socket2::SockRef;

use super::{name_of, read_head};
use crate::back_end::{Settings, Site};

/// How a client leaves.
#[derive(Debug, Clone, Copy)]
enum Departure {
    Fin,
    Reset,
}

/// The media type of a body that is not searched for a token.
const OPAQUE: &str = "Content-Type: application/octet-stream\r\n";

const DEPARTURES: [Departure; 2] = [Departure::Fin, Departure::Reset];

fn leave(client: TcpStream, departure: Departure) {
    if matches!(departure, Departure::Reset) {
        let linger = SockRef::from(&client).set_linger(Some(Duration::ZERO));
        linger.unwrap();
    }
    drop(client);
}

fn endless_or_silent(request: &RecordedRequest) -> Vec<Step> {
    let mut steps = Step::respond("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n");
    let block = vec![b'd'; 16 * 1024];
    match name_of(request).as_str() {
        "endless" => steps.push(Step::Repeat(block, u64::MAX)),
        "trickle" => steps.extend([Step::Send(block), Step::Wait(Signal::default())]),
        _ => return Step::silence(),
    }
    steps
}

fn site() -> Site {
    Site::start(&Settings::default(), endless_or_silent)
}

/// Waits for the only request with that name.
fn arrival(site: &Site, name: &str) -> RecordedRequest {
    let is_it = |request: &RecordedRequest| request.target().ends_with(name);
    site.back_end.wait_for(name, is_it).unwrap()
}

#[test]
fn a_client_that_leaves_before_the_response_ends_the_request() {
    for departure in DEPARTURES {
        let site = site();
        let held = site.linguist();
        let client = site.begin(&held, "GET", "silent", "");
        let request = arrival(&site, "silent");
        leave(client, departure);
        site.back_end.wait_until_closed(&request).unwrap();
        assert_eq!(site.back_end.request_count(), 1, "{departure:?}");
    }
}

#[test]
fn a_client_that_leaves_a_download_ends_it() {
    for departure in DEPARTURES {
        for name in ["endless", "trickle"] {
            let site = site();
            let held = site.linguist();
            let mut client = site.begin(&held, "GET", name, "");
            read_head(&mut client);
            client.read_exact(&mut [0; 16 * 1024]).unwrap();
            let request = arrival(&site, name);
            leave(client, departure);
            site.back_end.wait_until_closed(&request).unwrap();
        }
    }
}

#[test]
fn an_upload_whose_client_leaves_is_never_complete() {
    for departure in DEPARTURES {
        for framing in ["Content-Length: 1000\r\n", "Transfer-Encoding: chunked\r\n"] {
            let framing = format!("{OPAQUE}{framing}");
            let site = site();
            let held = site.linguist();
            let mut client = site.begin(&held, "POST", "upload", &framing);
            client.write_all(b"5\r\nabcde\r\n").unwrap();
            let has_bytes = |request: &RecordedRequest| request.body_length >= 5;
            let request = site.back_end.wait_for("the body", has_bytes).unwrap();
            leave(client, departure);
            site.back_end.wait_until_closed(&request).unwrap();
            let request = arrival(&site, "upload");
            assert!(!request.is_complete, "{departure:?} {framing}");
        }
    }
}

#[test]
fn an_upload_that_stops_is_given_up() {
    let settings = Settings {
        proxy: "idle_timeout = \"500ms\"",
        ..Settings::default()
    };
    let site = Site::start(&settings, endless_or_silent);
    let held = site.linguist();
    let mut client = site.begin(
        &held,
        "POST",
        "upload",
        &format!("{OPAQUE}Content-Length: 1000\r\n"),
    );
    client.write_all(b"abcde").unwrap();
    let request = arrival(&site, "upload");
    site.back_end.wait_until_closed(&request).unwrap();
    let received = raw_http::until_closed(&mut client);
    let received = String::from_utf8_lossy(&received);
    let is_refusal = received.starts_with("HTTP/1.1 408 ") || received.starts_with("HTTP/1.1 504 ");
    assert!(received.is_empty() || is_refusal, "{received}");
    assert!(!arrival(&site, "upload").is_complete);
}

#[test]
fn a_client_may_pause_longer_than_the_gateway_waits_for_its_own_bodies() {
    let back_end = BackEndServer::start(|_| vec![Step::Echo]).unwrap();
    let site = Site::with(back_end, &Settings::default(), |builder| {
        builder.env("ISOGLOSS__SERVER__BODY_TIMEOUT", "200ms")
    });
    let held = site.linguist();
    let mut client = site.begin(
        &held,
        "POST",
        "upload",
        &format!("{OPAQUE}Content-Length: 6\r\n"),
    );
    for part in ["ab", "cd", "ef"] {
        std::thread::sleep(Duration::from_millis(300));
        client.write_all(part.as_bytes()).unwrap();
    }
    let response_head = read_head(&mut client);
    assert!(
        response_head.starts_with("HTTP/1.1 200 "),
        "{response_head}"
    );
    assert_eq!(super::read_text(&mut client, 6), "abcdef");
}
