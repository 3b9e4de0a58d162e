//! Bodies of CRM.COM: JSON, with or without a byte order mark.
#![no_main]

use isogloss_crmcom::fuzzing::{Text, login, texts};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

const NAMES: [&str; 5] = ["username", "password", "organisation", "unit", "token"];

fuzz_target!(|body: &[u8]| {
    let read = texts(body, &NAMES);
    let unmarked = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let strict: Option<Map<String, Value>> = serde_json::from_slice(unmarked).ok();
    let expected = strict.map(|members| NAMES.map(|name| text(&members, name)).to_vec());
    assert_eq!(read, expected);

    // A login has one credential: a wrong one is not accepted together with a right one.
    if let Some(with_password) = login(body) {
        let read = read.unwrap_or_default();
        let given: Vec<_> = read.iter().map(|text| *text != Some(None)).collect();
        assert_eq!(given[..2], [with_password, with_password]);
    }
});

fn text(members: &Map<String, Value>, name: &str) -> Text {
    match members.get(name) {
        None | Some(Value::Null) => Some(None),
        Some(Value::String(text)) => Some(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(_) => None,
    }
}
