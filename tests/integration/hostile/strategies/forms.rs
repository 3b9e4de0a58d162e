//! Forms of both media types, and queries, which are written like forms.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value};

use super::fragments::{Pair, bytes, edited, name, piece};

const SEPARATORS: [&str; 4] = ["&", "&&", ";", "&=&"];
const VALUES: [&str; 16] = [
    "", "+", "%", "%z", "%%%", "%00", "%0d%0a", "%ff", "%c3%28", "%u0041", "a=b", "true", "1",
    "Me,ID", "//x", "[]",
];
/// Text between a boundary and the name of its part.
const PART_HEADS: [&str; 4] = [
    "\r\nContent-Disposition: form-data; name=\"",
    "\r\nContent-Type: text/plain\r\ncontent-disposition:form-data;filename=\"f\";name=\"",
    "\r\nContent-Disposition: form-data; filename=\"",
    "\nContent-Disposition: form-data; name=\"",
];
const PART_ENDS: [&str; 4] = ["\r\n--x--\r\n", "\r\n--x--", "\r\n--x", ""];

/// Returns the form of an OpenAPI document.
pub(super) fn plain(members: &Map<String, Value>) -> Vec<u8> {
    joined(&pairs(members), b"&")
}

/// Generates forms with the members of a document, some of them edited.
pub(super) fn urlencoded(
    dialect: &str,
    members: &Map<String, Value>,
) -> impl Strategy<Value = Vec<u8>> + use<> {
    let name = prop_oneof![
        6 => name(dialect).prop_map(String::into_bytes),
        1 => "fields\\[.{0,4}\\]".prop_map(String::into_bytes),
        1 => value(),
    ];
    let separator = prop_oneof![3 => Just("&"), 1 => select(&SEPARATORS)];
    (edited(pairs(members), name, value()), separator)
        .prop_map(|(pairs, separator)| joined(&pairs, separator.as_bytes()))
}

/// Generates multipart forms with these members, some of them edited, and the boundary `x`.
pub(super) fn multipart(
    dialect: &str,
    members: &Map<String, Value>,
) -> impl Strategy<Value = Vec<u8>> + use<> {
    let name = prop_oneof![4 => name(dialect).prop_map(String::into_bytes), 1 => bytes(9)];
    let value = prop_oneof![piece(), bytes(40), ".{0,40}".prop_map(String::into_bytes)];
    let head = prop_oneof![3 => Just(PART_HEADS[0]), 1 => select(&PART_HEADS)];
    let end = prop_oneof![3 => Just(PART_ENDS[0]), 1 => select(&PART_ENDS)];
    (edited(pairs(members), name, value), head, end).prop_map(|(pairs, head, end)| {
        let part = |(name, value): &Pair| {
            let start = [b"--x", head.as_bytes(), name].concat();
            [&start, b"\"\r\n\r\n".as_slice(), value].concat()
        };
        let parts: Vec<_> = pairs.iter().map(part).collect();
        [&parts.join(b"\r\n".as_slice()), end.as_bytes()].concat()
    })
}

/// Escapes the bytes that HTTP does not allow in a query. A `%` stays.
pub(super) fn in_address(bytes: &[u8]) -> Vec<u8> {
    bytes
        .iter()
        .flat_map(|byte| match byte {
            b'"' | b'#' | b'<' | b'>' => escaped(*byte),
            byte if byte.is_ascii_graphic() => vec![*byte],
            byte => escaped(*byte),
        })
        .collect()
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => select(&VALUES).prop_map(|text| text.as_bytes().to_vec()),
        1 => piece(),
        1 => bytes(40).prop_map(|bytes| bytes.into_iter().flat_map(escaped).collect()),
        1 => "[ -~]{0,40}".prop_map(String::into_bytes),
    ]
}

fn pairs(members: &Map<String, Value>) -> Vec<Pair> {
    let text = |value: &Value| match value.as_str() {
        Some(text) => in_address(text.as_bytes()),
        None => value.to_string().into_bytes(),
    };
    let pairs = members.iter();
    pairs
        .map(|(name, value)| (name.as_bytes().to_vec(), text(value)))
        .collect()
}

fn joined(pairs: &[Pair], separator: &[u8]) -> Vec<u8> {
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, value)| [name, b"=".as_slice(), value].concat())
        .collect();
    pairs.join(separator)
}

fn escaped(byte: u8) -> Vec<u8> {
    format!("%{byte:02x}").into_bytes()
}
