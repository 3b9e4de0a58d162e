//! A thousand idle `WebSocket`s and five hundred slow downloads, while users log in.

use isogloss_testkit::{Signal, Step};

use super::{assert_open, open_websocket, read_head, read_text};
use crate::back_end::{Settings, Site};

const WEBSOCKETS: usize = 1000;
const DOWNLOADS: usize = 500;

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
    let mut websockets: Vec<_> = (0..WEBSOCKETS)
        .map(|_| open_websocket(&site, &held))
        .collect();
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
    let mut client = open_websocket(&site, &held);
    assert_open(&mut client, &"a".repeat(100_000));
    let request = site.back_end.wait_for("it", |_| true).unwrap();
    assert_eq!(request.all("Upgrade"), ["websocket"]);
    assert_eq!(request.all("Connection").join("").to_lowercase(), "upgrade");
    assert_eq!(request.all("X-Isogloss-User-Name"), ["linguist"]);
    drop(client);
    site.back_end.wait_until_closed(&request).unwrap();
}
