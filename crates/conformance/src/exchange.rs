//! One request, and the expected response.

use std::thread;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::expectation::{BodyFormat, Expectation, HeaderCase, split_message};
use crate::request_template::RequestTemplate;
use crate::response::Response;
use crate::template::Captures;
use crate::{Error, Host, Result};

#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    wait: Duration,
    send: RequestTemplate,
    hex_body: Option<Vec<u8>>,
    expect: Expectation,
    expect_text: String,
    distinct: Vec<String>,
}

/// An `[[exchange]]` of a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawExchange {
    #[serde(default, with = "humantime_serde")]
    wait: Duration,
    send: String,
    send_hex_body: Option<String>,
    expect: String,
    #[serde(default)]
    header_case: bool,
    #[serde(default)]
    json: bool,
    #[serde(default)]
    distinct: Vec<String>,
}

impl Exchange {
    /// Parses an exchange. `Err` if the request or the expected response is invalid.
    pub(crate) fn parse(raw: RawExchange) -> Result<Self> {
        let header_case = if raw.header_case {
            HeaderCase::Exact
        } else {
            HeaderCase::Any
        };
        let body_format = if raw.json {
            BodyFormat::Json
        } else {
            BodyFormat::Detect
        };
        Ok(Self {
            wait: raw.wait,
            send: RequestTemplate::parse(&raw.send)?,
            hex_body: raw.send_hex_body.as_deref().map(parse_hex).transpose()?,
            expect: Expectation::parse(&raw.expect, header_case, body_format)?,
            expect_text: raw.expect,
            distinct: raw.distinct,
        })
    }

    /// Returns true if the request contains a TOTP code.
    pub(crate) fn sends_totp_codes(&self) -> bool {
        self.send.has_totp_codes()
    }

    /// Waits, sends the request and compares the response, whose placeholders add to `captures`. `Err` with request,
    /// response and differences if the host is unreachable or the response is not as expected.
    pub(crate) fn run(&self, host: &Host, captures: &mut Captures) -> Result<()> {
        thread::sleep(self.wait);
        let message = self.message(host, captures)?;
        let response = host.roundtrip(&message).map_err(|error| {
            error.context(format!("{}\n\nno response", format_request(&message)))
        })?;
        let mut differences = self.expect.differences(&response, captures);
        differences.extend(self.repeated_captures(captures));
        if differences.is_empty() {
            return Ok(());
        }
        let (differences, expected) = (differences.join("\n  "), self.expect_text.trim_end());
        let (sent, received) = (format_request(&message), format_response(&response));
        Err(Error::new(format!(
            "\n  {differences}\n\n{sent}\n\n--- expected\n{expected}\n\n--- received\n{received}"
        )))
    }

    /// Returns the bytes of the request, with the headers and line ends that the file leaves out. `Err` if a
    /// placeholder has no value, or if there are two bodies.
    fn message(&self, host: &Host, captures: &Captures) -> Result<Vec<u8>> {
        let text = self.send.fill(captures)?;
        let (head, body) = split_message(&text);
        let body = match (&self.hex_body, body) {
            (Some(_), Some(_)) => return Err(Error::new("both a body and `send_hex_body`")),
            (Some(bytes), None) => Some(bytes.as_slice()),
            (None, body) => body.map(str::as_bytes),
        };
        let mut lines = head.lines();
        let mut message = host.request_line(lines.next().unwrap_or_default());
        if !message.contains(" HTTP/") {
            message.push_str(" HTTP/1.1");
        }
        let mut add = |line: &str| {
            message.push_str("\r\n");
            message.push_str(line);
        };
        let has = |name: &str| {
            head.lines().skip(1).any(|line| {
                line.split_once(':')
                    .is_some_and(|(other, _)| other.eq_ignore_ascii_case(name))
            })
        };
        lines.for_each(&mut add);
        if !has("Host") {
            add(&format!("Host: {}", host.authority()));
        }
        if let Some(body) = body.filter(|_| !has("Content-Length") && !has("Transfer-Encoding")) {
            add(&format!("Content-Length: {}", body.len()));
        }
        if !has("Connection") {
            add("Connection: close");
        }
        message.push_str("\r\n\r\n");
        let mut message = message.into_bytes();
        message.extend_from_slice(body.unwrap_or_default());
        Ok(message)
    }

    /// Returns a line for each capture in `distinct` that equals another one or is missing.
    fn repeated_captures(&self, captures: &Captures) -> Vec<String> {
        let mut seen: Vec<(&String, &Value)> = Vec::new();
        let mut found = Vec::new();
        for name in &self.distinct {
            let Some(value) = captures.get(name) else {
                found.push(format!("nothing was captured as {name}"));
                continue;
            };
            if let Some((other, _)) = seen.iter().find(|(_, known)| *known == value) {
                found.push(format!("{name} is the same as {other}: {value}"));
            }
            seen.push((name, value));
        }
        found
    }
}

/// Returns a request as the report shows it.
fn format_request(message: &[u8]) -> String {
    format!("--- sent\n{}", excerpt(message))
}

/// Returns a response as the report shows it.
fn format_response(response: &Response) -> String {
    let head = format!("{} {}", response.status, response.reason);
    let headers = response
        .headers
        .iter()
        .map(|(name, value)| format!("\n{name}: {value}"));
    format!(
        "{head}{}\n\n{}",
        headers.collect::<String>(),
        excerpt(&response.body)
    )
}

/// Returns the first 4096 bytes as text, and the number of further bytes if there are any, so that a report stays
/// readable.
fn excerpt(bytes: &[u8]) -> String {
    const MAX_BYTES: usize = 4096;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_BYTES)]).replace("\r\n", "\n");
    match bytes.len().checked_sub(MAX_BYTES) {
        None | Some(0) => text,
        Some(more) => format!("{text}… and {more} bytes more"),
    }
}

/// Parses bytes from hexadecimal digits with or without blanks between them. `Err` if they are not pairs of digits.
fn parse_hex(text: &str) -> Result<Vec<u8>> {
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    let byte = |pair: &[char]| {
        let pair: String = pair.iter().collect();
        u8::from_str_radix(&pair, 16)
            .ok()
            .filter(|_| pair.len() == 2)
            .ok_or_else(|| {
                Error::new(format!(
                    "`{pair}` in `send_hex_body` is not a byte, expected two hexadecimal digits"
                ))
            })
    };
    digits.chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(exchange: &str) -> String {
        let exchange = Exchange::parse(toml::from_str(exchange).unwrap()).unwrap();
        let host = "http://h:1".parse().unwrap();
        let message = exchange.message(&host, &Captures::default()).unwrap();
        String::from_utf8(message).unwrap()
    }

    #[test]
    fn a_request_is_completed() {
        assert_eq!(
            message("send = '''\nGET /x\nA: b\n'''\nexpect = '200'"),
            "GET /x HTTP/1.1\r\nA: b\r\nHost: h:1\r\nConnection: close\r\n\r\n"
        );
        assert_eq!(
            message("send = '''\nPOST /x\n\n{\n}\n'''\nexpect = '200'"),
            "POST /x HTTP/1.1\r\nHost: h:1\r\nContent-Length: 3\r\nConnection: close\r\n\r\n{\n}"
        );
        assert_eq!(
            message(
                "send = '''\nPOST /x\nhost: y\ncontent-length: 0\nconnection: x\n'''\nexpect = '200'"
            ),
            "POST /x HTTP/1.1\r\nhost: y\r\ncontent-length: 0\r\nconnection: x\r\n\r\n"
        );
        assert_eq!(
            message("send = 'POST /x'\nsend_hex_body = '7b 7D'\nexpect = '200'"),
            "POST /x HTTP/1.1\r\nHost: h:1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
        );
    }
}
