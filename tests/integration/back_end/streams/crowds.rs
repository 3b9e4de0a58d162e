//! A thousand idle `WebSocket`s and five hundred slow downloads, while users log in.

use std::io::Write as _;
use std::net::TcpStream;

use isogloss_testkit::dialects::HeldToken;
use isogloss_testkit::{Signal, Step};

use super::{read_head, read_text};
use crate::back_end::{Settings, Site};

const WEBSOCKETS: usize = 1000;
const DOWNLOADS: usize = 500;
const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

fn open(site: &Site, held: &HeldToken) -> TcpStream {
    let mut client = site.begin(held, "GET", "socket", UPGRADE);
    let response_head = read_head(&mut client);
    assert!(
        response_head.starts_with("HTTP/1.1 101 "),
        "{response_head}"
    );
    // The example of RFC 6455, 1.3.
    assert!(
        response_head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        "{response_head}"
    );
    client
}

/// Sends a text on a WebSocket, which comes back.
fn assert_open(client: &mut TcpStream, text: &str) {
    client.write_all(text.as_bytes()).unwrap();
    assert_eq!(read_text(client, text.len()), text);
}

#[test]
fn logins_succeed_beside_a_thousand_websockets_and_five_hundred_downloads() {
    let signal = Signal::default();
    let awaited = signal.clone();
    let settings = Settings {
        proxy: "websockets = true\nconnections = 2000\nkeep_alive = \"1s\"",
        ..Settings::default()
    };
    let site = Site::start(&settings, move |request| {
        if request.target().contains("socket") {
            return vec![Step::WebSocketEcho];
        }
        vec![
            Step::ReadBody,
            Step::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na".to_vec()),
            Step::Wait(awaited.clone()),
            Step::Send(b"b".to_vec()),
        ]
    });
    let held = site.linguist();
    let mut websockets: Vec<_> = (0..WEBSOCKETS).map(|_| open(&site, &held)).collect();
    let downloads = (0..DOWNLOADS).map(|_| {
        let mut client = site.begin(&held, "GET", "slow", "");
        read_head(&mut client);
        assert_eq!(read_text(&mut client, 1), "a");
        client
    });
    let mut downloads: Vec<_> = downloads.collect();
    assert_eq!(site.back_end.request_count(), WEBSOCKETS + DOWNLOADS);
    for _ in 0..5 {
        site.assert_logins_succeed();
    }
    for (number, client) in websockets.iter_mut().enumerate() {
        assert_open(client, &format!("message {number}"));
    }
    signal.raise();
    for client in &mut downloads {
        assert_eq!(read_text(client, 1), "b");
    }
    site.assert_logins_succeed();
    drop((websockets, downloads));
    // No connection outlives its client by more than the time for which idle ones are held.
    site.back_end.wait_until_open(0).unwrap();
}

#[test]
fn bytes_behind_the_head_of_a_websocket_are_not_lost() {
    let settings = Settings {
        proxy: "websockets = true",
        ..Settings::default()
    };
    let site = Site::start(&settings, |_| vec![Step::WebSocketEcho]);
    let held = site.linguist();
    let mut client = open(&site, &held);
    assert_open(&mut client, &"a".repeat(100_000));
    let request = site.back_end.wait_for("it", |_| true).unwrap();
    assert_eq!(request.all("Upgrade"), ["websocket"]);
    assert_eq!(request.all("Connection").join("").to_lowercase(), "upgrade");
    assert_eq!(request.all("X-Isogloss-User-Name"), ["linguist"]);
    drop(client);
    site.back_end.wait_until_closed(&request).unwrap();
}
