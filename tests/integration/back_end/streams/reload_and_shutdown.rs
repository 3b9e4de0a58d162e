//! What becomes of calls in progress, and of open `WebSocket`s, at a reload and at a shutdown.

use isogloss_testkit::{BackEndServer, Signal, Step, raw_http};

use super::{assert_open, name_of, open_websocket, read_head, read_text};
use crate::back_end::{Settings, Site, call, relays_to};
use crate::reload::reload;
use crate::shutdown::wait_until_refused;

const WEBSOCKETS: Settings<'static> = Settings {
    dialect: "",
    proxy: "websockets = true\nkeep_alive = \"1s\"",
};

/// Starts a gateway that has that long to finish requests at its end, in front of a back end for `WebSocket`s.
fn stopping_within(shutdown_timeout: &str) -> Site {
    let back_end = BackEndServer::start(|_| vec![Step::WebSocketEcho]).unwrap();
    Site::with(back_end, &WEBSOCKETS, |builder| {
        let builder = builder.env("ISOGLOSS__SERVER__DRAIN_DELAY", "0s");
        builder.env("ISOGLOSS__SERVER__SHUTDOWN_TIMEOUT", shutdown_timeout)
    })
}

#[test]
fn a_reload_ends_neither_calls_in_progress_nor_websockets_and_new_calls_go_to_the_new_back_end() {
    let signal = Signal::default();
    let awaited = signal.clone();
    let site = Site::start(&WEBSOCKETS, move |request| {
        let ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n".to_vec();
        let wait = Step::Wait(awaited.clone());
        match name_of(request).as_str() {
            "socket" => vec![Step::WebSocketEcho],
            "download" => vec![
                Step::ReadBody,
                Step::Send([&ok[..], b"a"].concat()),
                wait,
                Step::Send(b"b".to_vec()),
            ],
            _ => vec![Step::ReadBody, wait, Step::Send([&ok[..], b"ab"].concat())],
        }
    });
    let held = site.linguist();
    let mut websocket = open_websocket(&site, &held);
    let mut download = site.begin(&held, "GET", "download", "");
    read_head(&mut download);
    assert_eq!(read_text(&mut download, 1), "a");
    let mut unanswered = site.begin(&held, "GET", "unanswered", "");
    site.back_end.wait_for_requests(3).unwrap();

    let other = BackEndServer::start(|_| Step::text("from the other back end")).unwrap();
    let settings = relays_to(&other.url(), &Settings::default());
    reload(&site.gateway, &settings, 1);
    let response = site.send(&call(&held, "GET", "new"));
    assert_eq!(response.text(), "from the other back end");
    assert_open(&mut websocket, "after the reload");
    signal.raise();
    assert_eq!(read_text(&mut download, 1), "b");
    let response_head = read_head(&mut unanswered);
    assert!(
        response_head.starts_with("HTTP/1.1 200 "),
        "{response_head}"
    );
    assert_eq!(read_text(&mut unanswered, 2), "ab");
    assert_open(&mut websocket, "after the other calls");
    // Without a back end, new calls are refused, and what is open stays open.
    reload(&site.gateway, "", 2);
    assert_eq!(site.send(&call(&held, "GET", "newer")).status, 404);
    assert_open(&mut websocket, "without any back end");
    assert_eq!(site.back_end.request_count(), 3);
    assert_eq!(other.request_count(), 1);
    drop((websocket, download, unanswered));
    site.back_end.wait_until_open(0).unwrap();
}

#[test]
fn a_websocket_stays_open_in_a_shutdown_until_the_time_is_over() {
    let mut site = stopping_within("5s");
    let held = site.linguist();
    let mut websocket = open_websocket(&site, &held);
    let request = site.back_end.wait_for("it", |_| true).unwrap();
    site.gateway.ask_to_stop().unwrap();
    wait_until_refused(site.gateway.public());
    assert_open(&mut websocket, "in the shutdown");
    // No close frame.
    assert_eq!(raw_http::until_closed(&mut websocket), b"");
    site.back_end.wait_until_closed(&request).unwrap();
    assert_eq!(site.gateway.wait().unwrap().code(), Some(0));
}

#[test]
fn a_gateway_ends_once_the_last_websocket_is_closed() {
    let mut site = stopping_within("10m");
    let held = site.linguist();
    let mut websocket = open_websocket(&site, &held);
    site.gateway.ask_to_stop().unwrap();
    wait_until_refused(site.gateway.public());
    assert_open(&mut websocket, "in the shutdown");
    drop(websocket);
    assert_eq!(site.gateway.wait().unwrap().code(), Some(0));
}
