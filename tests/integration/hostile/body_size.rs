//! Bodies over the limit. A client that sends its whole body before it reads still gets the response.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use isogloss_testkit::{Response, Result, roundtrip};

use crate::hostile::routes::ROUTES;
use crate::hostile::{assert_unharmed, gateway};

const MEBIBYTE: usize = 1024 * 1024;
const JSON: &str = "Content-Type: application/json\r\n";

/// Returns the body with a length, and the body in chunks: a name, the head and the body as sent.
fn messages(body: &[u8]) -> Vec<(&'static str, Vec<u8>, Vec<u8>)> {
    let length = format!("{JSON}Content-Length: {}\r\n", body.len()).into_bytes();
    let chunked = format!("{JSON}Transfer-Encoding: chunked\r\n").into_bytes();
    let mut chunks = Vec::new();
    for chunk in body.chunks(8000) {
        chunks.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        chunks.extend_from_slice(chunk);
        chunks.extend_from_slice(b"\r\n");
    }
    chunks.extend_from_slice(b"0\r\n\r\n");
    vec![
        ("with a length", length, body.to_vec()),
        ("in chunks", chunked, chunks),
    ]
}

/// Sends everything and then reads the response, as simple clients do.
fn write_then_read(authority: &str, message: &[u8]) -> Result<Response> {
    let mut stream = TcpStream::connect(authority)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.set_write_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(message)?;
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer)?;
        bytes.extend_from_slice(&buffer[..count]);
        if let Some(response) = answer(&bytes) {
            return Ok(response);
        }
        assert!(count > 0, "the connection ended within {bytes:?}");
    }
}

/// Returns the response once it is complete, `None` before.
fn answer(bytes: &[u8]) -> Option<Response> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(start) = head.parse(bytes).unwrap() else {
        return None;
    };
    let headers = head.headers.iter().map(|header| {
        let value = String::from_utf8_lossy(header.value);
        (header.name.to_owned(), value.into_owned())
    });
    let response = Response {
        status: head.code.unwrap(),
        reason: head.reason.unwrap().to_owned(),
        headers: headers.collect(),
        body: Vec::new(),
    };
    let length: usize = response.header("Content-Length")?.parse().unwrap();
    let body = bytes.get(start..start + length)?.to_vec();
    Some(Response { body, ..response })
}

fn bodies() -> [(&'static str, Vec<u8>); 2] {
    let name = "a".repeat(MEBIBYTE);
    let json = format!(r#"{{"user_id": "{name}", "userName": "{name}", "username": "{name}"}}"#);
    [
        ("a mebibyte of garbage", vec![b'x'; MEBIBYTE]),
        ("a mebibyte of JSON", json.into_bytes()),
    ]
}

#[test]
fn a_mebibyte_is_refused_as_too_large() {
    let mut gateway = gateway();
    let public = gateway.public().to_string();
    for route in ROUTES.iter() {
        for (what, body) in bodies() {
            for (how, head, body) in messages(&body) {
                let response = roundtrip(&public, &route.message(b"", &head, &body));
                route.assert_refused(&format!("{what} {how}"), 413, &response);
            }
        }
    }
    assert_unharmed(&mut gateway);
}

#[test]
fn a_client_that_sends_a_mebibyte_before_it_reads_gets_the_answer() {
    let mut gateway = gateway();
    let public = gateway.public().to_string();
    for route in ROUTES.iter() {
        for (how, head, body) in messages(&vec![b'x'; MEBIBYTE]) {
            for round in 0..10 {
                let message = route.message(b"", &head, &body);
                let response = write_then_read(&public, &message);
                route.assert_refused(&format!("round {round}, {how}"), 413, &response);
            }
        }
    }
    assert_unharmed(&mut gateway);
}

#[test]
fn a_body_at_the_limit_is_read() {
    let mut gateway = gateway();
    let public = gateway.public();
    for route in ROUTES.iter() {
        let exact = format!("{{{}", " ".repeat(64 * 1024 - 1));
        let response = route.send(public, JSON, &exact);
        route.assert_refused("64 KiB", 400, &response);
        let response = route.send(public, JSON, exact + " ");
        route.assert_refused("a byte more", 413, &response);
    }
    assert_unharmed(&mut gateway);
}
