//! Parsing a response from a stream: its head, and its body by length, in chunks, or until the connection closes.

use std::io::{ErrorKind, Read};

use crate::response::Response;
use crate::{Error, Result};

const MAX_HEADERS: usize = 64;

/// How a body ends (RFC 9112, section 6).
enum Framing {
    Nothing,
    Length(usize),
    Chunks,
    UntilClosed,
}

/// Reads and returns a final response, after any interim ones. `to_head` says that the request was HEAD. `Err` if
/// the response is not HTTP, if it cannot be read, or if the connection closes too early.
pub(super) fn read_response(mut stream: impl Read, to_head: bool) -> Result<Response> {
    let mut bytes = Vec::new();
    loop {
        let closed = fill(&mut stream, &mut bytes)?;
        while let Some((response, head_length)) = parse_head(&bytes)? {
            // Interim responses such as 100 Continue precede the final one.
            if response.status < 200 {
                bytes.drain(..head_length);
                continue;
            }
            if let Some(body) = body(&response, &bytes[head_length..], closed, to_head)? {
                return Ok(Response { body, ..response });
            }
            break;
        }
        if closed {
            let so_far = String::from_utf8_lossy(&bytes);
            return Err(Error::new(format!(
                "the connection ended within the response: `{so_far}`"
            )));
        }
    }
}

/// Reads once and appends to `bytes`. Returns true if the other side has closed the connection. `Err` if the
/// connection cannot be read.
fn fill(stream: &mut impl Read, bytes: &mut Vec<u8>) -> Result<bool> {
    let mut buffer = [0; 16 * 1024];
    match stream.read(&mut buffer) {
        Ok(count) => {
            bytes.extend_from_slice(&buffer[..count]);
            Ok(count == 0)
        }
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(false),
        // Over TLS, a connection that was closed without a close_notify alert.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(true),
        Err(error) => Err(Error::from(error).context("reading the answer")),
    }
}

/// Parses the head of a response and returns it with its length. `None` if the head is incomplete; `Err` if it is not
/// HTTP.
fn parse_head(bytes: &[u8]) -> Result<Option<(Response, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Response::new(&mut headers);
    let parsed = head
        .parse(bytes)
        .map_err(|error| Error::new(format!("the response is not HTTP: {error}")))?;
    let httparse::Status::Complete(length) = parsed else {
        return Ok(None);
    };
    let headers = head.headers.iter().map(|header| {
        (
            header.name.to_owned(),
            String::from_utf8_lossy(header.value).into_owned(),
        )
    });
    let response = Response {
        status: head.code.unwrap_or_default(),
        reason: head.reason.unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body: Vec::new(),
    };
    Ok(Some((response, length)))
}

/// Returns the body once `bytes`, what was read after the head, contains all of it. `None` if the body is
/// incomplete; `Err` if its framing is invalid. `closed` says that the other side has closed the connection, which
/// ends a body without a length.
fn body(response: &Response, bytes: &[u8], closed: bool, to_head: bool) -> Result<Option<Vec<u8>>> {
    match framing(response, to_head)? {
        Framing::Nothing => Ok(Some(Vec::new())),
        Framing::Length(length) => Ok(bytes.get(..length).map(<[u8]>::to_vec)),
        Framing::Chunks => chunks(bytes),
        Framing::UntilClosed => Ok(closed.then(|| bytes.to_vec())),
    }
}

/// Returns how the body of a response ends. `Err` if the length is not a number.
fn framing(response: &Response, to_head: bool) -> Result<Framing> {
    if to_head || matches!(response.status, 204 | 304) {
        return Ok(Framing::Nothing);
    }
    if response
        .header("Transfer-Encoding")
        .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
    {
        return Ok(Framing::Chunks);
    }
    match response.header("Content-Length") {
        None => Ok(Framing::UntilClosed),
        Some(length) => length
            .parse()
            .map(Framing::Length)
            .map_err(|_| Error::new(format!("`{length}` is not a length"))),
    }
}

/// Returns the body of a chunked message. `None` if it is incomplete; `Err` if a chunk is malformed.
fn chunks(mut bytes: &[u8]) -> Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    loop {
        let size = httparse::parse_chunk_size(bytes)
            .map_err(|_| Error::new("the chunks of the response are malformed"))?;
        let httparse::Status::Complete((start, size)) = size else {
            return Ok(None);
        };
        if size == 0 {
            return Ok(Some(body));
        }
        let size = usize::try_from(size).ok();
        let end = size.and_then(|size| start.checked_add(size));
        let next = end.and_then(|end| end.checked_add(2));
        let (Some(end), Some(next)) = (end, next) else {
            return Err(Error::new("a chunk is too large"));
        };
        let (Some(chunk), Some(rest)) = (bytes.get(start..end), bytes.get(next..)) else {
            return Ok(None);
        };
        body.extend_from_slice(chunk);
        bytes = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &str) -> Result<Response> {
        read_response(bytes.as_bytes(), false)
    }

    #[test]
    fn header_names_keep_their_case() {
        let response = parse("HTTP/1.1 200 OK\r\nConTent-LENGTH: 2\r\n\r\nokmore").unwrap();
        assert_eq!(
            response.headers,
            [("ConTent-LENGTH".to_owned(), "2".to_owned())]
        );
        assert_eq!(response.header("content-length"), Some("2"));
        assert_eq!((response.status, response.reason.as_str()), (200, "OK"));
        assert_eq!(response.text(), "ok");
    }

    #[test]
    fn a_chunk_of_a_size_that_cannot_be_is_an_error() {
        for size in ["fffffffffffffffe", "fffffffffffffff0"] {
            let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            assert!(parse(&format!("{head}{size}\r\nab\r\n")).is_err());
        }
    }

    #[test]
    fn a_body_may_be_chunked_or_end_with_the_connection() {
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
        assert_eq!(parse(chunked).unwrap().text(), "abcde");
        assert_eq!(parse("HTTP/1.1 200 OK\r\n\r\nabc").unwrap().text(), "abc");
        assert_eq!(parse("HTTP/1.1 204 No Content\r\n\r\n").unwrap().text(), "");
    }

    #[test]
    fn an_interim_answer_is_passed_over() {
        let bytes = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(parse(bytes).unwrap().status, 401);
    }

    #[test]
    fn half_an_answer_is_a_failure() {
        for bytes in [
            "",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            "nonsense\r\n\r\n",
        ] {
            assert!(parse(bytes).is_err(), "{bytes}");
        }
    }
}
