//! Bodies that resemble the JSON of an OpenAPI document.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value};

use super::fragments::{Pair, bytes, edited, name};

const VALUES: [&str; 18] = [
    "null",
    "true",
    "false",
    "\"\"",
    "\" \"",
    "\"true\"",
    "\"\\u0000\"",
    "{}",
    "[]",
    "[[], \"x\"]",
    "{\"a\": [null]}",
    "0",
    "1",
    "-0",
    "-0.5e-3",
    "1e308",
    "18446744073709551615",
    "18446744073709551616",
];
/// Values that only lenient parsers accept, or none.
const NO_VALUES: [&str; 14] = [
    "'x'",
    "\"\\ud800\"",
    "\"\\x41\"",
    "\"a\nb\"",
    "01",
    ".5",
    "5.",
    "+5",
    "0x10",
    "1e999",
    "NaN",
    "-Infinity",
    "[1,]",
    "",
];
const BEGINNINGS: [&str; 4] = ["{", " {", "\u{feff}{", "/**/{"];
const SEPARATORS: [&str; 5] = [",", ", ", ",\n// who\n", "/*,*/,", " "];
const ENDS: [&str; 7] = ["}", "\n}\n", ",}", ",,}", "", "}}", "} x"];

/// Generates JSON with the members of a document, some of them edited, in various styles.
pub(super) fn body(
    dialect: &str,
    members: &Map<String, Value>,
) -> impl Strategy<Value = Vec<u8>> + use<> {
    let members = members
        .iter()
        .map(|(name, value)| (quoted(name), value.to_string().into_bytes()))
        .collect();
    let known = name(dialect).prop_map(|name| quoted(&name));
    let name = prop_oneof![
        6 => known.clone(),
        1 => ".{0,20}".prop_map(|name| quoted(&name)),
        1 => literal(),
    ];
    let style = |usual: &'static str, all: &'static [&'static str]| prop_oneof![4 => Just(usual), 1 => select(all)];
    (
        style("{", &BEGINNINGS),
        edited(members, name, value(known)),
        style(",", &SEPARATORS),
        style("}", &ENDS),
    )
        .prop_map(|(beginning, members, separator, end)| {
            let members: Vec<_> = members.iter().map(member).collect();
            let members = members.join(separator.as_bytes());
            [beginning.as_bytes(), &members, end.as_bytes()].concat()
        })
}

fn member((name, value): &Pair) -> Vec<u8> {
    [name, b":".as_slice(), value].concat()
}

fn quoted(text: &str) -> Vec<u8> {
    Value::from(text).to_string().into_bytes()
}

fn value(name: impl Strategy<Value = Vec<u8>> + Clone + 'static) -> impl Strategy<Value = Vec<u8>> {
    let pair = select(&[("[", "]"), ("{\"a\":", "}")]);
    let depth = prop_oneof![1..200_usize, 1..3000_usize];
    let deep = (pair, depth, any::<bool>()).prop_map(|((open, close), depth, closed)| {
        let end = if closed {
            close.repeat(depth)
        } else {
            String::new()
        };
        open.repeat(depth) + "1" + &end
    });
    let leaf = prop_oneof![
        6 => literal(),
        1 => deep.prop_map(String::into_bytes),
    ];
    leaf.prop_recursive(3, 12, 4, move |inner| {
        let list = vec(inner.clone(), 0..4);
        let members = vec((name.clone(), inner), 0..4);
        let members = members.prop_map(|members| members.iter().map(member).collect());
        prop_oneof![
            list.prop_map(|items| [b"[", items.join(&b',').as_slice(), b"]"].concat()),
            members.prop_map(|items: Vec<_>| [b"{", items.join(&b',').as_slice(), b"}"].concat()),
        ]
    })
}

fn literal() -> impl Strategy<Value = Vec<u8>> {
    let number = "-?[0-9]{1,400}(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,9})?";
    let escapes = r#""(\\["\\/bfnrtux0']|\\u[0-9a-fA-F]{4}|\\u[dD][89a-fA-F]{3}|.){0,20}""#;
    prop_oneof![
        4 => select(&VALUES).prop_map(|text| text.as_bytes().to_vec()),
        1 => select(&NO_VALUES).prop_map(|text| text.as_bytes().to_vec()),
        2 => number.prop_map(String::into_bytes),
        2 => ".{0,40}".prop_map(|text| quoted(&text)),
        1 => escapes.prop_map(String::into_bytes),
        1 => bytes(40).prop_map(|bytes| [b"\"", bytes.as_slice(), b"\""].concat()),
    ]
}
