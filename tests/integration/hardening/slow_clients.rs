//! Clients that send slowly, and clients that do not read the response: their connections are closed.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::raw_http;

use crate::hardening::{assert_served, impatient};

const PATIENCE: Duration = Duration::from_mins(1);
const DRIP: Duration = Duration::from_millis(100);

const ASKS: &str = "GET /v2/authorize HTTP/1.1\r\nHost: x\r\n";
const SENDS: &str = "POST /v2/authorize HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";

/// A client that continues for as long as the gateway allows.
struct Client {
    what: &'static str,
    stream: TcpStream,
    drip: &'static [u8],
    received: Vec<u8>,
}

impl Client {
    /// Sends the next piece and reads what is available. Returns whether the connection has ended.
    fn is_cut_off(&mut self) -> bool {
        if self.stream.write_all(self.drip).is_err() {
            return true;
        }
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer) {
            Ok(0) => true,
            Ok(count) => {
                self.received.extend_from_slice(&buffer[..count]);
                false
            }
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        }
    }
}

/// Returns the kinds of clients: a name, what they send first, and what they send repeatedly.
fn kinds() -> [(&'static str, String, &'static [u8]); 6] {
    let length = "Content-Length: 60000\r\n\r\n{";
    let chunked = "Transfer-Encoding: chunked\r\n\r\n";
    [
        ("nothing at all", String::new(), b""),
        ("a head", ASKS.to_owned(), b"X: y\r\n"),
        ("a second head", format!("{ASKS}\r\nGET /"), b"a"),
        ("a body", format!("{SENDS}{length}"), b" "),
        (
            "a body in chunks",
            format!("{SENDS}{chunked}"),
            b"1\r\n \r\n",
        ),
        (
            "a body that is not read",
            format!("{ASKS}{chunked}"),
            b"1\r\n \r\n",
        ),
    ]
}

#[test]
fn hundreds_of_dripping_clients_are_cut_off_and_nobody_else_notices() {
    let gateway = impatient().start().unwrap();
    let mut clients = Vec::new();
    for (what, beginning, drip) in kinds().iter().cycle().take(600) {
        let stream = raw_http::send(gateway.public(), beginning.as_bytes());
        stream.set_nonblocking(true).unwrap();
        clients.push(Client {
            what,
            stream,
            drip,
            received: Vec::new(),
        });
    }
    assert_served(&gateway);
    let deadline = Instant::now() + PATIENCE;
    while !clients.is_empty() {
        let left = clients.iter().map(|client| client.what).collect::<Vec<_>>();
        assert!(Instant::now() < deadline, "still there: {left:?}");
        thread::sleep(DRIP);
        clients.retain_mut(|client| !client.is_cut_off());
    }
    assert_served(&gateway);
}

#[test]
fn a_client_that_takes_no_answer_is_cut_off() {
    let gateway = impatient().start().unwrap();
    let mut stream = raw_http::send(gateway.public(), b"");
    stream.set_nonblocking(true).unwrap();
    let requests = format!("{ASKS}\r\n").repeat(100);
    let mut asked = 0;
    let deadline = Instant::now() + PATIENCE;
    // A request that was written in part continues where it stopped.
    loop {
        assert!(Instant::now() < deadline, "after {asked} bytes");
        match stream.write(&requests.as_bytes()[asked % requests.len()..]) {
            Ok(count) => asked += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(DRIP),
            Err(_) => break,
        }
    }
    assert_served(&gateway);
}

#[test]
fn a_client_that_pauses_is_served() {
    let gateway = impatient()
        .env("ISOGLOSS__SERVER__HEAD_TIMEOUT", "30s")
        .env("ISOGLOSS__SERVER__BODY_TIMEOUT", "30s")
        .start()
        .unwrap();
    let body = r#"{"user_id": "admin", "password": "admin-demo"}"#;
    let message = format!("{SENDS}Content-Length: {}\r\n\r\n{body}", body.len());
    let mut stream = raw_http::send(gateway.public(), b"");
    for piece in message.as_bytes().chunks(40) {
        thread::sleep(DRIP);
        stream.write_all(piece).unwrap();
    }
    let answers = raw_http::parse_responses(&raw_http::until_closed(&mut stream));
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(answers[0].status, 200, "{answers:?}");
}
