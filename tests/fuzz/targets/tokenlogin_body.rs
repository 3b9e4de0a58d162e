//! Bodies of TokenLogin: JSON as lax as Newtonsoft's, and forms.
#![no_main]

mod strict;

use isogloss_tokenlogin::fuzzing::{form_texts, json_texts, requests};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 5] = [
    "userName",
    "password",
    "deviceName",
    "reAuthenticationToken",
    "LoginName",
];

fuzz_target!(|body: &[u8]| {
    requests(body);
    let read = json_texts(body, &NAMES);
    if let Some(members) = strict::members(body) {
        let expected = NAMES.map(|name| {
            strict::text(&members, name).map(|text| text.filter(|text| !text.trim().is_empty()))
        });
        assert_eq!(read.as_deref(), Some(expected.as_slice()));
    }
    for lax in strict::lax_spellings(body) {
        assert_eq!(json_texts(&lax, &NAMES), read);
    }
    // What a form was read as is read so again, in a form and in JSON.
    let read = form_texts(body, &NAMES);
    let pairs = NAMES.iter().zip(&read);
    let pairs = pairs.filter_map(|(name, text)| Some((*name, text.as_ref()?.as_deref()?)));
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs.clone())
        .finish();
    assert_eq!(form_texts(form.as_bytes(), &NAMES), read);
    let json: serde_json::Map<_, _> = pairs
        .map(|(name, text)| (name.to_owned(), text.into()))
        .collect();
    let json = serde_json::Value::from(json).to_string();
    if strict::members(json.as_bytes()).is_some() {
        assert_eq!(json_texts(json.as_bytes(), &NAMES), Some(read));
    }
});
