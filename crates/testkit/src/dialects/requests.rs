//! Raw requests to a route, and the dialect's own error as the response.

use std::net::SocketAddr;

use super::route::{Body, Route};
use crate::{Response, Result, roundtrip};

impl Route {
    /// Returns path and query, with `query` after the route's own.
    pub fn target(&self, query: &[u8]) -> Vec<u8> {
        let parts = [self.query.as_bytes(), query];
        let query = parts.into_iter().filter(|part| !part.is_empty());
        let mut target = self.path.as_bytes().to_vec();
        for (index, part) in query.enumerate() {
            target.push(if index == 0 { b'?' } else { b'&' });
            target.extend_from_slice(part);
        }
        target
    }

    /// Returns the bytes of a request. `Content-Length` is in `head` if there is one.
    pub fn message(&self, query: &[u8], head: &[u8], body: &[u8]) -> Vec<u8> {
        message(self.method, &self.target(query), head, body)
    }

    /// Sends lines of a head (each with its line end) and a body with its length, and reads the response.
    ///
    /// # Errors
    /// A connection that fails, or a response that is not HTTP.
    pub fn send(
        &self,
        authority: SocketAddr,
        head: impl AsRef<[u8]>,
        body: impl AsRef<[u8]>,
    ) -> Result<Response> {
        let (head, body) = (head.as_ref(), body.as_ref());
        let length = format!("Content-Length: {}\r\n", body.len());
        let head = [head, length.as_bytes()].concat();
        roundtrip(&authority.to_string(), &self.message(b"", &head, body))
    }

    /// Asserts the dialect's own error: with that status if the route reads bodies and the dialect has more than
    /// one status.
    ///
    /// # Panics
    /// If it is another response.
    pub fn assert_refused(&self, what: &str, status: u16, response: &Result<Response>) {
        let status = match (self.dialect().only_error_status(), self.body) {
            (Some(only), _) => only,
            (None, Body::Read | Body::JsonOnly) => status,
            (None, Body::Ignored) => self.bare,
        };
        self.assert_refused_with(what, &[status], response);
    }

    /// Asserts the dialect's own error, with one of these statuses.
    ///
    /// # Panics
    /// If it is another response.
    pub fn assert_refused_with(&self, what: &str, statuses: &[u16], response: &Result<Response>) {
        let what = format!("{what} to {} {}", self.method, self.path);
        let response = response
            .as_ref()
            .unwrap_or_else(|failure| panic!("{what}: {failure}"));
        let came = shown(response);
        let checked = self.dialect().check_error(response);
        assert_eq!(checked, Ok(()), "{what}: {came}");
        let more: &[u16] = match self.body {
            Body::JsonOnly => &[400, 401, 415],
            Body::Read | Body::Ignored => &[],
        };
        assert!(
            statuses.contains(&response.status) || more.contains(&response.status),
            "{what}: expected {statuses:?}, came {came}"
        );
    }
}

/// Returns a request to any target, with `Host` and `Connection: close`.
pub fn message(method: &str, target: &[u8], head: &[u8], body: &[u8]) -> Vec<u8> {
    [
        method.as_bytes(),
        b" ",
        target,
        b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n",
        head,
        b"\r\n",
        body,
    ]
    .concat()
}

/// Returns a response as the message of a failed test shows it.
pub fn shown(response: &Response) -> String {
    let media = response.header("Content-Type").unwrap_or("no Content-Type");
    format!("{} {media}\n{}", response.status, response.text())
}
