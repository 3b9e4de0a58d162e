//! The gateway's report on a challenge, as words in a header.

use isogloss_reverse_proxy::Diagnosis;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};

/// The characters that are escaped within a word, besides all that are not ASCII.
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

/// Beginning of the word that contains the report on the back end.
const BACK_END: &str = "back_end:";

/// How many addresses of a back end are reported.
const MOST_ADDRESSES: usize = 8;

/// The maximum length in characters of the reason why an address does not respond.
const LONGEST_REASON: usize = 160;

/// Report of how a challenge arrived at the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProbeReport {
    /// The dialect whose path the request was for; `None` if it was for no dialect.
    pub(crate) dialect: Option<String>,
    /// The client IP that the gateway found.
    pub(crate) source: String,
    /// Whether a header reported a client IP.
    pub(crate) forwarded: bool,
    /// Whether a proxy that is not listed in `server.trusted_proxies` reported it.
    pub(crate) by_untrusted: bool,
    /// How each address of the dialect's back end responded; `None` if the challenge was not about it, or the dialect has
    /// none.
    pub(crate) back_end: Option<Vec<AddressReport>>,
}

/// How an address of a back end responded to the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AddressReport {
    pub(crate) address: String,
    /// The status of the response, `None` if there was none.
    pub(crate) status: Option<u16>,
    /// Why there was no response.
    pub(crate) error: Option<String>,
}

impl AddressReport {
    /// Returns the reports of all addresses of a back end, at most [`MOST_ADDRESSES`]. Reasons are shortened: proxies
    /// limit the length of headers.
    pub(super) fn all(diagnoses: Vec<Diagnosis>) -> Vec<Self> {
        let diagnoses = diagnoses.into_iter().take(MOST_ADDRESSES);
        let report = |Diagnosis { address, response }| Self {
            address: address.to_string(),
            status: response.as_ref().ok().copied(),
            error: response
                .err()
                .map(|reason| reason.chars().take(LONGEST_REASON).collect()),
        };
        diagnoses.map(report).collect()
    }
}

impl ProbeReport {
    /// Returns the report as printable words, separated by single spaces.
    pub(super) fn words(&self) -> String {
        let dialect = self.dialect.as_deref().unwrap_or("-");
        let forwarded = if self.forwarded { "told" } else { "untold" };
        let listed = if self.by_untrusted {
            "unlisted"
        } else {
            "listed"
        };
        let text = format!("{dialect} {} {forwarded} {listed}", self.source);
        let Some(addresses) = &self.back_end else {
            return text;
        };
        // Texts and numbers under fixed names: serialization cannot fail.
        let addresses = serde_json::to_string(addresses).unwrap_or_default();
        format!(
            "{text} {BACK_END}{}",
            utf8_percent_encode(&addresses, ESCAPED)
        )
    }

    /// Parses the words of a report. Returns `None` if they are none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let (dialect, source) = (words.next()?, words.next()?);
        Some(Self {
            dialect: (dialect != "-").then(|| dialect.to_owned()),
            source: source.to_owned(),
            forwarded: words.next()? == "told",
            // Earlier releases do not send this word.
            by_untrusted: words.next() == Some("unlisted"),
            back_end: words.next().and_then(parse_back_end),
        })
    }
}

fn parse_back_end(word: &str) -> Option<Vec<AddressReport>> {
    let json = percent_decode_str(word.strip_prefix(BACK_END)?);
    serde_json::from_slice(&json.collect::<Vec<_>>()).ok()
}
