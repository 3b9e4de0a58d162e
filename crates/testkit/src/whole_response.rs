//! A response on a connection that stays open.

use crate::Response;

/// Parses the response that the bytes begin with. `None` as long as a part of it is missing.
pub fn parse_complete_response(received: &[u8]) -> Option<Response> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(start) = head.parse(received).unwrap() else {
        return None;
    };
    let spelt = |header: &httparse::Header<'_>| {
        let value = String::from_utf8_lossy(header.value);
        (header.name.to_owned(), value.into_owned())
    };
    let mut response = Response {
        status: head.code?,
        reason: head.reason?.to_owned(),
        headers: head.headers.iter().map(spelt).collect(),
        body: Vec::new(),
    };
    let length: usize = response.header("Content-Length")?.parse().ok()?;
    response.body = received.get(start..start + length)?.to_vec();
    Some(response)
}
