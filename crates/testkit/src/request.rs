//! A request of which only what matters is said.

use std::fmt::Display;

use isogloss_conformance::{Response, Result, roundtrip};
use serde_json::Value;

/// A request of which only what matters is said.
#[derive(Debug, Clone)]
#[must_use]
pub struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// Returns a request with any method.
    pub fn new(method: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Returns a GET request.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    /// Returns a POST request.
    pub fn post(path: impl Into<String>) -> Self {
        Self::new("POST", path)
    }

    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body. The caller sets its `Content-Type`.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets a JSON body and `Content-Type: application/json`.
    pub fn json(self, body: &Value) -> Self {
        self.header("Content-Type", "application/json")
            .body(body.to_string())
    }

    /// Sets a form body and its `Content-Type`. The text is sent unchanged.
    pub fn form(self, body: impl Into<Vec<u8>>) -> Self {
        self.header("Content-Type", "application/x-www-form-urlencoded")
            .body(body)
    }

    /// Sends the request to `authority` (`host:port`) and returns the response. `Host`, `Content-Length` and
    /// `Connection: close` are added where they are missing.
    ///
    /// # Errors
    /// If the connection fails, there is no response after 30 seconds, or the response is not HTTP.
    pub fn send(&self, authority: impl Display) -> Result<Response> {
        let authority = authority.to_string();
        roundtrip(&authority, &self.message(&authority))
    }

    /// Returns the bytes that [`send`](Self::send) writes to the connection.
    pub fn message(&self, authority: &str) -> Vec<u8> {
        let length = self.body.len().to_string();
        let added = [
            ("Host", authority),
            ("Content-Length", &length),
            ("Connection", "close"),
        ];
        let absent = |name: &str| {
            !self
                .headers
                .iter()
                .any(|(n, _)| n.eq_ignore_ascii_case(name))
        };
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        let own = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in own.chain(added.into_iter().filter(|(name, _)| absent(name))) {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("\r\n");
        let mut message = head.into_bytes();
        message.extend_from_slice(&self.body);
        message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_what_is_needed() {
        let request = Request::post("/x").header("A", "b").body("abc");
        assert_eq!(
            String::from_utf8(request.message("h:1")).unwrap(),
            "POST /x HTTP/1.1\r\nA: b\r\nHost: h:1\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"
        );
        let request = Request::get("/")
            .header("connection", "keep-alive")
            .header("HOST", "y");
        assert_eq!(
            String::from_utf8(request.message("h:1")).unwrap(),
            "GET / HTTP/1.1\r\nconnection: keep-alive\r\nHOST: y\r\nContent-Length: 0\r\n\r\n"
        );
    }
}
