//! A conversation from a file, and how it is held with a server.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::expectation::{Expectation, Format, Names, split};
use crate::form::Form;
use crate::http::Response;
use crate::template::Captures;
use crate::wire::roundtrip;
use crate::{Failure, Result};

/// One documented conversation: requests in their order, and what each must bring.
#[derive(Debug, Clone)]
pub struct Conversation {
    source: String,
    exchanges: Vec<Exchange>,
}

#[derive(Debug, Clone)]
struct Exchange {
    send: Form,
    hex_body: Option<Vec<u8>>,
    expect: Expectation,
    expect_text: String,
    distinct: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConversation {
    source: String,
    #[serde(rename = "about")]
    _about: Option<String>,
    exchange: Vec<RawExchange>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawExchange {
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

impl Conversation {
    /// Reads a file under `exchanges/`.
    ///
    /// Fails if it cannot be read, has an unknown key, no source, no exchange, or a hole of no known kind.
    pub fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file)?;
        Self::parse(&text)
    }

    /// Reads the text of such a file.
    pub fn parse(text: &str) -> Result<Self> {
        let raw: RawConversation =
            toml::from_str(text).map_err(|error| Failure::new(error.to_string()))?;
        if raw.source.trim().is_empty() || raw.exchange.is_empty() {
            return Err(Failure::new("a file needs a source and an exchange"));
        }
        let exchanges = raw.exchange.into_iter().enumerate().map(|(index, raw)| {
            Exchange::parse(raw)
                .map_err(|failure| failure.during(format!("exchange {}", index + 1)))
        });
        Ok(Self {
            source: raw.source,
            exchanges: exchanges.collect::<Result<_>>()?,
        })
    }

    /// Holds the conversation with the server at `authority` (`host:port`).
    ///
    /// Fails at the first answer that is not as expected, and then tells what was sent, what came and where
    /// they differ.
    pub fn hold(&self, authority: &str) -> Result<()> {
        let mut captures = Captures::default();
        captures.set("host", Value::from(authority));
        for (index, exchange) in self.exchanges.iter().enumerate() {
            exchange.hold(authority, &mut captures).map_err(|failure| {
                let (number, all) = (index + 1, self.exchanges.len());
                failure.during(format!("{}\nexchange {number} of {all}", self.source))
            })?;
        }
        Ok(())
    }
}

impl Exchange {
    fn parse(raw: RawExchange) -> Result<Self> {
        let names = if raw.header_case {
            Names::ExactCase
        } else {
            Names::AnyCase
        };
        let format = if raw.json {
            Format::Json
        } else {
            Format::ByLooks
        };
        Ok(Self {
            send: Form::parse(&raw.send)?,
            hex_body: raw.send_hex_body.as_deref().map(bytes_of_hex).transpose()?,
            expect: Expectation::parse(&raw.expect, names, format)?,
            expect_text: raw.expect,
            distinct: raw.distinct,
        })
    }

    fn hold(&self, authority: &str, captures: &mut Captures) -> Result<()> {
        let message = self.message(authority, captures)?;
        let response = roundtrip(authority, &message)
            .map_err(|failure| failure.during(format!("{}\n\nno answer", sent(&message))))?;
        let mut differences = self.expect.differences(&response, captures);
        differences.extend(self.repeated(captures));
        if differences.is_empty() {
            return Ok(());
        }
        let (differences, expected) = (differences.join("\n  "), self.expect_text.trim_end());
        let (sent, came) = (sent(&message), came(&response));
        Err(Failure::new(format!(
            "\n  {differences}\n\n{sent}\n\n--- expected\n{expected}\n\n--- came\n{came}"
        )))
    }

    /// The request's bytes, completed with what a file leaves out.
    fn message(&self, authority: &str, captures: &Captures) -> Result<Vec<u8>> {
        let text = self.send.fill(captures)?;
        let (head, body) = split(&text);
        let body = match (&self.hex_body, body) {
            (Some(_), Some(_)) => return Err(Failure::new("both a body and `send_hex_body`")),
            (Some(bytes), None) => Some(bytes.as_slice()),
            (None, body) => body.map(str::as_bytes),
        };
        let mut lines = head.lines();
        let mut message = lines.next().unwrap_or_default().to_owned();
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
            add(&format!("Host: {authority}"));
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

    fn repeated(&self, captures: &Captures) -> Vec<String> {
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

fn sent(message: &[u8]) -> String {
    format!("--- sent\n{}", shown(message))
}

fn came(response: &Response) -> String {
    let head = format!("{} {}", response.status, response.reason);
    let headers = response
        .headers
        .iter()
        .map(|(name, value)| format!("\n{name}: {value}"));
    format!(
        "{head}{}\n\n{}",
        headers.collect::<String>(),
        shown(&response.body)
    )
}

/// At most so much of a long body that a report stays readable.
fn shown(bytes: &[u8]) -> String {
    const MOST_BYTES: usize = 4096;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MOST_BYTES)]).replace("\r\n", "\n");
    match bytes.len().checked_sub(MOST_BYTES) {
        None | Some(0) => text,
        Some(more) => format!("{text}… and {more} bytes more"),
    }
}

fn bytes_of_hex(text: &str) -> Result<Vec<u8>> {
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    let byte = |pair: &[char]| {
        let pair: String = pair.iter().collect();
        u8::from_str_radix(&pair, 16)
            .ok()
            .filter(|_| pair.len() == 2)
            .ok_or_else(|| Failure::new(format!("`{pair}` in `send_hex_body` is no byte")))
    };
    digits.chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::tests::server;

    fn conversation(exchange: &str) -> Conversation {
        Conversation::parse(&format!("source = \"here\"\n[[exchange]]\n{exchange}")).unwrap()
    }

    fn message(exchange: &str) -> String {
        let exchange = &conversation(exchange).exchanges[0];
        let message = exchange.message("h:1", &Captures::default()).unwrap();
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

    #[test]
    fn a_bad_file_is_refused() {
        for text in [
            "[[exchange]]\nsend = 'GET /'\nexpect = '200'",
            "source = ''\n[[exchange]]\nsend = 'GET /'\nexpect = '200'",
            "source = 'x'",
            "source = 'x'\nexchange = []",
            "source = 'x'\nwho = 'y'\n[[exchange]]\nsend = 'GET /'\nexpect = '200'",
            "source = 'x'\n[[exchange]]\nsend = 'GET /'\nexpect = '200'\nstatus = 200",
            "source = 'x'\n[[exchange]]\nsend = 'GET /'\nexpect = '{{nothing:x}}'",
            "source = 'x'\n[[exchange]]\nsend = 'GET /'\nsend_hex_body = '7'\nexpect = '200'",
        ] {
            assert!(Conversation::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_conversation_carries_what_it_captured() {
        let authority = server(|head| {
            let body = if head.contains("Bearer 5b") {
                "ok"
            } else {
                "{\"t\": \"5b\"}"
            };
            format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
        });
        let first = "send = 'GET /a'\nexpect = '''\n200\n\n{\"t\": \"{{t:text}}\"}\n'''";
        let second =
            "send = '''\nGET /b\nAuthorization: Bearer {{t}}\n'''\nexpect = '''\n200\n\nok\n'''";
        conversation(&format!("{first}\n[[exchange]]\n{second}"))
            .hold(&authority)
            .unwrap();
    }

    #[test]
    fn a_report_shows_what_was_sent_what_came_and_where_they_differ() {
        let authority =
            server(|_| "HTTP/1.1 401 No\r\nContent-Length: 8\r\n\r\n{\"a\": 1}".to_owned());
        let exchange = "send = 'GET /a'\nexpect = '''\n200\n\n{\"a\": \"{{text}}\"}\n'''";
        let report = conversation(exchange)
            .hold(&authority)
            .unwrap_err()
            .to_string();
        for part in [
            "here\nexchange 1 of 1",
            "the status is 401",
            "$.a: expected \"{{text}}\", came 1",
            "--- sent\nGET /a HTTP/1.1",
            "--- expected\n200",
            "--- came\n401 No",
        ] {
            assert!(report.contains(part), "{part} in\n{report}");
        }
    }

    #[test]
    fn captures_that_must_differ_are_compared() {
        let authority = server(|_| {
            "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"a\":1, \"b\":1}".to_owned()
        });
        let exchange = "send = 'GET /a'\ndistinct = ['a', 'b', 'c']\n\
                        expect = '''\n200\n\n{\"a\": \"{{a:int}}\", \"b\": \"{{b:int}}\"}\n'''";
        let report = conversation(exchange)
            .hold(&authority)
            .unwrap_err()
            .to_string();
        assert!(report.contains("b is the same as a: 1"), "{report}");
        assert!(report.contains("nothing was captured as c"), "{report}");
    }
}
