//! Bodies of BIMplus: JSON, and what its clients write instead.
#![no_main]

mod strict;

use isogloss_bimplus::fuzzing::{flags, id, requests, texts};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 6] = [
    "user_id",
    "password",
    "remember_me_token",
    "cross_token",
    "client_id",
    "application_id",
];

fuzz_target!(|body: &[u8]| {
    requests(body);
    let read = texts(body, &NAMES);
    if let Some(members) = strict::members(body) {
        let expected = NAMES.map(|name| strict::text(&members, name));
        assert_eq!(read.as_deref(), Some(expected.as_slice()));
    }
    for lax in strict::lax_spellings(body) {
        assert_eq!(texts(&lax, &NAMES), read);
        assert_eq!(flags(&lax, &["remember_me"]), flags(body, &["remember_me"]));
    }
    // What an id is stored as is the same id.
    if let Some(stored) = id(body, "client_id") {
        let again = serde_json::json!({"client_id": stored}).to_string();
        assert_eq!(id(again.as_bytes(), "client_id"), Some(stored));
    }
});
