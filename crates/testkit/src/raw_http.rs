//! Sends bytes on a connection, and parses the responses.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::Response;

const PATIENCE: Duration = Duration::from_secs(30);

/// Connects to a server and sends these bytes, nothing more. Returns the connection, on which reads time out
/// after 30 seconds.
pub fn send(server: SocketAddr, message: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    // A server that has seen enough may hang up on the rest.
    drop(stream.write_all(message));
    stream
}

/// Returns all bytes that arrive until the other side closes the connection.
pub fn until_closed(stream: &mut TcpStream) -> Vec<u8> {
    let mut received = Vec::new();
    match stream.read_to_end(&mut received) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the connection stays open: {error}"),
    }
    received
}

/// Parses all responses in the received bytes.
///
/// # Panics
/// If the head of a response is incomplete or invalid.
pub fn parse_responses(mut received: &[u8]) -> Vec<Response> {
    let mut responses = Vec::new();
    while !received.is_empty() {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Response::new(&mut headers);
        let start = head.parse(received).unwrap().unwrap();
        let mut response = Response {
            status: head.code.unwrap(),
            reason: head.reason.unwrap().to_owned(),
            headers: head
                .headers
                .iter()
                .map(|header| {
                    let value = String::from_utf8_lossy(header.value);
                    (header.name.to_owned(), value.into_owned())
                })
                .collect(),
            body: Vec::new(),
        };
        let length = response
            .header("Content-Length")
            .map_or(0, |length| length.parse().unwrap());
        let body = received.get(start..start + length).unwrap_or_default();
        response.body = body.to_vec();
        received = &received[start + body.len()..];
        responses.push(response);
    }
    responses
}
