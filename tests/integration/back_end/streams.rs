//! Long bodies, many connections, clients that leave, and each way to end a message.

mod crowds;
mod departures;
mod memory;
mod messages;
mod reload_and_shutdown;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use isogloss_testkit::dialects::{HeldToken, dialect};
use isogloss_testkit::raw_http;

use super::{Site, call, name_of, path};

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

impl Site {
    /// Sends the head of a call with the dialect's token, with these further lines, and returns the connection.
    fn begin(&self, held: &HeldToken, method: &str, name: &str, lines: &str) -> TcpStream {
        let message = call(held, method, name).message("tms.example.com");
        let message = String::from_utf8(message).unwrap();
        let (request_head, _) = message.split_once("Content-Length: 0\r\n").unwrap();
        let message = format!("{request_head}{lines}\r\n");
        raw_http::send(self.gateway.public(), message.as_bytes())
    }

    fn linguist(&self) -> HeldToken {
        self.log_in(&dialect("memsource"), "linguist")
    }
}

/// Reads the head of a response, with its empty line.
fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        let count = stream.read(&mut byte).unwrap();
        assert_eq!(
            count,
            1,
            "the connection ended in {:?}",
            String::from_utf8_lossy(&head)
        );
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

fn read_text(stream: &mut TcpStream, length: usize) -> String {
    let mut text = vec![0; length];
    stream.read_exact(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// Opens a WebSocket of the dialect Memsource to the back end.
fn open_websocket(site: &Site, held: &HeldToken) -> TcpStream {
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
