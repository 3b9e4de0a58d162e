//! A conversation of a file, and running it against a host.

use std::fs;
use std::path::Path;
use std::thread;

use serde::Deserialize;
use serde_json::Value;
use toml::Table;

use crate::exchange::{Exchange, RawExchange};
use crate::template::Captures;
use crate::totp_code::time_until_next_step;
use crate::{Error, Host, Result};

/// A documented conversation: requests in their order, and the expected response to each.
#[derive(Debug, Clone)]
pub struct Conversation {
    source: String,
    settings: Table,
    exchanges: Vec<Exchange>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConversation {
    source: String,
    #[serde(rename = "about")]
    _about: Option<String>,
    #[serde(default)]
    settings: Table,
    exchange: Vec<RawExchange>,
}

impl Conversation {
    /// Reads and parses a file of `tests/exchanges`.
    ///
    /// # Errors
    /// The file cannot be read, has an unknown key, no source or no exchange, or a placeholder of an unknown type.
    pub fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file)
            .map_err(|error| Error::new(format!("{}: {error}", file.display())))?;
        Self::parse(&text)
    }

    /// Parses the text of a file of `tests/exchanges`.
    ///
    /// # Errors
    /// The text has an unknown key, no source or no exchange, or a placeholder of an unknown type.
    pub fn parse(text: &str) -> Result<Self> {
        let raw: RawConversation =
            toml::from_str(text).map_err(|error| Error::new(error.to_string()))?;
        if raw.source.trim().is_empty() || raw.exchange.is_empty() {
            return Err(Error::new("a file needs a source and an exchange"));
        }
        let exchanges = raw.exchange.into_iter().enumerate().map(|(index, raw)| {
            Exchange::parse(raw).map_err(|error| error.context(format!("exchange {}", index + 1)))
        });
        Ok(Self {
            source: raw.source,
            settings: raw.settings,
            exchanges: exchanges.collect::<Result<_>>()?,
        })
    }

    /// Returns the name of the document that the conversation is taken from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns the settings that the host needs for this conversation, as a part of its configuration file. Empty if
    /// the defaults are sufficient.
    pub fn settings(&self) -> &Table {
        &self.settings
    }

    /// Sends the requests of the conversation to a host and compares the responses.
    ///
    /// A conversation that sends codes of a second factor is tried again with other codes if it fails, because a host
    /// accepts each code once.
    ///
    /// # Errors
    /// The host is unreachable, or a response is not as expected. The error shows the request, the response and each
    /// difference.
    pub fn run(&self, host: &Host) -> Result<()> {
        let outcome = self.run_once(host);
        if outcome.is_ok() || !self.exchanges.iter().any(Exchange::sends_totp_codes) {
            return outcome;
        }
        thread::sleep(time_until_next_step());
        self.run_once(host)
    }

    /// Sends the requests of the conversation once. `Err` at the first response that is not as expected.
    fn run_once(&self, host: &Host) -> Result<()> {
        let mut captures = Captures::default();
        captures.set("base", Value::from(host.base()));
        for (index, exchange) in self.exchanges.iter().enumerate() {
            exchange.run(host, &mut captures).map_err(|error| {
                let (number, all) = (index + 1, self.exchanges.len());
                error.context(format!("{}\nexchange {number} of {all}", self.source))
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::tests::server;

    fn conversation(exchange: &str) -> Conversation {
        Conversation::parse(&format!("source = \"here\"\n[[exchange]]\n{exchange}")).unwrap()
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
            .run(&authority.parse().unwrap())
            .unwrap();
    }

    #[test]
    fn a_report_shows_what_was_sent_what_came_and_where_they_differ() {
        let authority =
            server(|_| "HTTP/1.1 401 No\r\nContent-Length: 8\r\n\r\n{\"a\": 1}".to_owned());
        let exchange = "send = 'GET /a'\nexpect = '''\n200\n\n{\"a\": \"{{text}}\"}\n'''";
        let report = conversation(exchange)
            .run(&authority.parse().unwrap())
            .unwrap_err()
            .to_string();
        for part in [
            "here\nexchange 1 of 1",
            "the status is 401",
            "$.a: expected \"{{text}}\", received 1",
            "--- sent\nGET /a HTTP/1.1",
            "--- expected\n200",
            "--- received\n401 No",
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
            .run(&authority.parse().unwrap())
            .unwrap_err()
            .to_string();
        assert!(report.contains("b is the same as a: 1"), "{report}");
        assert!(report.contains("nothing was captured as c"), "{report}");
    }
}
