//! What the back end records of requests, and what its clients receive.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::{BackEndServer, Signal, Step};

const PATIENCE: Duration = Duration::from_secs(30);

fn connect(server: &BackEndServer) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn receive(stream: &mut TcpStream, length: usize) -> String {
    let mut received = vec![0; length];
    stream.read_exact(&mut received).unwrap();
    String::from_utf8(received).unwrap()
}

fn rest(stream: &mut TcpStream) -> String {
    let mut received = String::new();
    stream.read_to_string(&mut received).unwrap();
    received
}

#[test]
fn requests_of_a_connection_are_recorded_byte_for_byte() {
    let server = BackEndServer::start(|_| vec![Step::Echo]).unwrap();
    let mut client = connect(&server);
    let first = "POST /a?b HTTP/1.1\r\nhOST:  x\r\nA: 1\r\na: 2\r\nContent-Length: 3\r\n\r\nabc";
    let second = "PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1;x\r\nf\r\n0\r\nT: u\r\n\r\n";
    client
        .write_all(format!("{first}{second}").as_bytes())
        .unwrap();
    let responses = "HTTP/1.1 200 OK\r\nContent-Type: \r\nContent-Length: 3\r\n\r\nabc".len() * 2;
    assert!(receive(&mut client, responses).ends_with("def"));
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].text() + "abc", first);
    assert_eq!(requests[0].all("a"), ["1", "2"]);
    assert_eq!(requests[0].header("Host").unwrap(), "x");
    assert_eq!(requests[0].target(), "/a?b");
    assert_eq!((requests[0].connection, requests[1].connection), (1, 1));
    assert_eq!(requests[1].body, b"def");
    assert_eq!(requests[1].trailers, b"T: u\r\n");
    assert!(requests[1].is_complete);
    drop(client);
    server.wait_until_closed(&requests[1]).unwrap();
    assert!(server.stray_bytes().is_empty());
}

#[test]
fn bytes_that_are_no_request_are_recorded() {
    let server = BackEndServer::start(|_| Step::text("ok")).unwrap();
    let mut client = connect(&server);
    client.write_all(b"GET / HTTP/1.1\r\n\r\nGET /hid").unwrap();
    drop(client);
    server.wait_for_requests(1).unwrap();
    server.wait_until_open(0).unwrap();
    assert_eq!(server.stray_bytes(), [b"GET /hid"]);
}

#[test]
fn a_response_waits_for_its_signal() {
    let signal = Signal::default();
    let steps = [
        Step::Send(b"HTTP/1.1 200 OK\r\n\r\na".to_vec()),
        Step::Wait(signal.clone()),
        Step::Repeat(b"b".to_vec(), 3),
        Step::Close,
    ];
    let server = BackEndServer::start(move |_| steps.to_vec()).unwrap();
    let mut client = connect(&server);
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert!(receive(&mut client, 20).ends_with("\r\n\r\na"));
    assert_eq!(server.open_connections(), 1);
    signal.raise();
    assert_eq!(rest(&mut client), "bbb");
}

#[test]
fn a_client_that_leaves_is_noticed_in_silence() {
    let server = BackEndServer::start(|_| Step::silence()).unwrap();
    let mut client = connect(&server);
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let request = server.wait_for("it", |one| one.is_complete).unwrap();
    drop(client);
    server.wait_until_closed(&request).unwrap();
}

#[test]
fn a_client_that_leaves_is_noticed_in_its_body() {
    let server = BackEndServer::start(|_| Step::silence()).unwrap();
    let mut client = connect(&server);
    client
        .write_all(b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc")
        .unwrap();
    let request = server.wait_for("it", |one| one.body_length == 3).unwrap();
    drop(client);
    server.wait_until_closed(&request).unwrap();
    assert!(!server.requests()[0].is_complete);
}

#[test]
fn a_connection_ends_with_fin_or_reset() {
    let server = BackEndServer::start(|request| match request.target().as_str() {
        "/reset" => vec![Step::Reset],
        _ => vec![Step::Close],
    })
    .unwrap();
    let mut client = connect(&server);
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert_eq!(rest(&mut client), "");
    let mut client = connect(&server);
    client.write_all(b"GET /reset HTTP/1.1\r\n\r\n").unwrap();
    assert!(client.read(&mut [0; 1]).is_err());
}

#[test]
fn a_websocket_is_accepted_and_echoes() {
    let server = BackEndServer::start(|_| vec![Step::WebSocketEcho]).unwrap();
    let mut client = connect(&server);
    // The example of RFC 6455, 1.3.
    let message = "GET /chat HTTP/1.1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nhello";
    client.write_all(message.as_bytes()).unwrap();
    let mut received = String::new();
    while !received.ends_with("hello") {
        received += &receive(&mut client, 1);
    }
    assert!(received.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
}

#[test]
fn a_back_end_that_has_stopped_refuses_connections_until_another_is_at_its_address() {
    let server = BackEndServer::start(|_| Step::text("first")).unwrap();
    let address = server.address();
    let mut client = connect(&server);
    client.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    drop(server);
    assert!(TcpStream::connect(address).is_err());
    let server = BackEndServer::start_at(address, |_| Step::download(70_000)).unwrap();
    let mut client = connect(&server);
    client
        .write_all(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        .unwrap();
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n".len();
    assert!(receive(&mut client, head + 70_000).ends_with("ddd"));
}
