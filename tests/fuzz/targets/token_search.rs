//! Tokens in bodies of calls to a back end: the media type, and all the rest is the body.
#![no_main]

use actix_web::http::header::HeaderValue;
use isogloss_dialect::fuzzing::body_tokens;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut lines = input.splitn(2, |byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (content_type, body) = (line(), line());
    let Ok(content_type) = HeaderValue::from_bytes(content_type) else {
        return;
    };
    let search = |limit| body_tokens(content_type.clone(), body.to_vec(), limit).unwrap();
    let (read, texts) = search(body.len());
    assert!(read.is_empty() || read == body, "bytes are lost");
    assert!(texts.iter().all(|text| !text.trim().is_empty()));
    // Less is found in a part, but nothing else.
    for limit in [0, body.len() / 2, body.len().saturating_sub(1)] {
        let (read, part) = search(limit);
        assert!(read.is_empty() || read == body, "bytes are lost");
        assert!(texts.starts_with(&part), "{limit}");
    }
});
