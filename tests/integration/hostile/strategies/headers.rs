//! Headers that HTTP allows.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::string::bytes_regex;

use super::fragments::damaged;
use crate::hostile::documented_requests::Documented;

const LONGEST: usize = 4000;

/// Headers that the dialects, the gateway or its libraries read.
const NAMES: [&str; 22] = [
    "Authorization",
    "Content-Type",
    "Accept",
    "Cookie",
    "Origin",
    "Access-Control-Request-Method",
    "Access-Control-Request-Headers",
    "X-Request-Id",
    "traceparent",
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "Content-Encoding",
    "Accept-Encoding",
    "Expect",
    "Upgrade",
    "Connection",
    "Range",
    "If-None-Match",
    "Date",
    "Referer",
];
const VALUES: [&str; 14] = [
    "BimPlus 35eb2b5e-94b5-4d5a-afa6-b6a7b6e8de01",
    "Bearer 35eb2b5e94b54d5aafa6b6a7b6e8de01",
    "Basic YWRtaW46YWRtaW4tZGVtbw==",
    "ApiToken 30-a3bf70333f8f1316cb7841cd774c9ce8",
    "text/json;q=0.5, application/json;q=0.1, */*",
    "application/json; charset=utf-8",
    "isogloss_session=30-a3bf70333f8f1316cb7841cd774c9ce8",
    "https://app.example",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "for=\"[2001:db8::1]\";host=a;proto=https",
    "gzip, br;q=0",
    "100-continue",
    "h2c",
    "bytes=0-",
];

/// Generates up to seven lines, each with its line end.
pub(super) fn lines(documented: &Documented) -> impl Strategy<Value = Vec<u8>> + use<> {
    let mut samples: Vec<_> = VALUES.map(str::to_owned).to_vec();
    if let Some(authorization) = &documented.authorization {
        samples.extend(vec![authorization.clone(); 3]);
    }
    let line = (name(), value(samples)).prop_map(|(name, value)| line(&name, &value));
    vec(line, 1..8).prop_map(|lines| lines.concat())
}

pub(super) fn line(name: &[u8], value: &[u8]) -> Vec<u8> {
    [name, b": ", value, b"\r\n"].concat()
}

/// Generates any value, one of the samples, or a damaged sample.
pub(super) fn value(samples: Vec<String>) -> impl Strategy<Value = Vec<u8>> {
    let sample = select(samples).prop_map(String::into_bytes);
    prop_oneof![
        2 => sample.clone(),
        3 => sample.prop_flat_map(damaged),
        1 => bytes_regex("(?-u:[\\x00-\\xff]{0,60})").unwrap(),
    ]
    .prop_map(|mut value| {
        value.retain(|byte| matches!(byte, b'\t' | b' '..=b'~' | 0x80..));
        value.truncate(LONGEST);
        value
    })
}

/// Generates a name, except for headers that determine the end of the message or its host: with those, the result
/// would be another message, or not HTTP.
fn name() -> impl Strategy<Value = Vec<u8>> {
    let any = "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}";
    let framing = ["content-length", "transfer-encoding", "host"];
    prop_oneof![6 => select(&NAMES).prop_map(str::to_owned), 1 => any]
        .prop_filter("another message", move |name| {
            !framing.contains(&name.to_lowercase().as_str())
        })
        .prop_map(String::into_bytes)
}
