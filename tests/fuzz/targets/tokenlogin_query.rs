//! Queries of TokenLogin, and `Accept`: a line each.
#![no_main]

use actix_web::http::Uri;
use actix_web::http::header::HeaderValue;
use isogloss_tokenlogin::fuzzing::{fields, response_media, suppressed};
use libfuzzer_sys::fuzz_target;

const MEMBERS: [&str; 4] = [
    "Authenticated",
    "ReAuthenticationToken",
    "Me",
    "SessionToken",
];

fuzz_target!(|input: &[u8]| {
    let mut lines = input.splitn(2, |byte| *byte == b'\n');
    let (query, accept) = (
        lines.next().unwrap_or_default(),
        lines.next().unwrap_or_default(),
    );
    if let Ok(accept) = HeaderValue::from_bytes(accept) {
        let media = response_media(accept);
        assert!(media == "application/json; charset=utf-8" || media == "text/json; charset=utf-8");
    }
    let Ok(query) = str::from_utf8(query) else {
        return;
    };
    if format!("/?{query}").parse::<Uri>().is_err() {
        return;
    }
    let shown = fields(query, &MEMBERS);
    // All members, or those that are named, in the order of the document.
    let mut documented = MEMBERS.iter();
    assert!(!shown.is_empty());
    assert!(
        shown
            .iter()
            .all(|name| documented.any(|member| member == name))
    );
    let asked: String = form_urlencoded::parse(query.as_bytes())
        .map(|(_, value)| value.to_lowercase())
        .collect();
    let is_asked = |name: &&str| asked.contains(&name.to_lowercase());
    assert!(shown == MEMBERS || shown.iter().all(is_asked));
    for again in [shown.join(","), shown.join("&FIELDS[1]=").to_lowercase()] {
        assert_eq!(fields(&format!("fields={again}"), &MEMBERS), shown);
    }
    // The first value counts.
    for first in [true, false] {
        let query = format!("SuppressResponseCodes={first}&{query}");
        assert_eq!(suppressed(&query), Some(first));
    }
    suppressed(query);
});
