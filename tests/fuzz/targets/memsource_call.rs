//! Calls of Memsource: the query, the media type, and all the rest is the body.
#![no_main]

use actix_web::http::Uri;
use actix_web::http::header::HeaderValue;
use isogloss_memsource::fuzzing::RawRequest;
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 6] = ["userName", "username", "password", "code", "token", "url"];
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const BOUNDARY: &str = "5a0cfe1d7e0b4bd5";

type Values = Vec<Option<String>>;

fuzz_target!(|input: &[u8]| {
    let mut lines = input.splitn(3, |byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (query, content_type, body) = (line(), line(), line());
    let (Ok(query), Ok(content_type)) =
        (str::from_utf8(query), HeaderValue::from_bytes(content_type))
    else {
        return;
    };
    if format!("/?{query}").parse::<Uri>().is_err() {
        return;
    }
    let call = || RawRequest {
        query,
        content_type: content_type.clone(),
        body: body.to_vec(),
    };
    if let Some(login) = call().login() {
        assert!(login.iter().flatten().all(|text| !text.is_empty()));
    }
    let Some(values) = call().parameters(&NAMES) else {
        return;
    };
    // What was read is read so again, wherever it stands.
    let form = form(&values);
    assert_eq!(read(&form, FORM, ""), Some(values.clone()));
    assert_eq!(read("", FORM, &form), Some(values.clone()));
    assert_eq!(read(&form, FORM, &form), Some(values.clone()));
    assert_eq!(read(&form, JSON, &json(&values)), Some(values.clone()));
    if values
        .iter()
        .flatten()
        .all(|value| !value.contains(BOUNDARY))
    {
        let media = format!("multipart/form-data; boundary={BOUNDARY}");
        assert_eq!(read("", &media, &multipart(&values)), Some(values));
    }
});

fn read(query: &str, content_type: &str, body: &str) -> Option<Values> {
    let content_type = HeaderValue::from_str(content_type).ok()?;
    let body = body.as_bytes().to_vec();
    RawRequest {
        query,
        content_type,
        body,
    }
    .parameters(&NAMES)
}

fn pairs(values: &Values) -> impl Iterator<Item = (&'static str, &str)> {
    let pairs = NAMES.into_iter().zip(values);
    pairs.filter_map(|(name, value)| Some((name, value.as_deref()?)))
}

fn form(values: &Values) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(pairs(values)).finish()
}

fn json(values: &Values) -> String {
    let members: serde_json::Map<_, _> = pairs(values)
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    serde_json::Value::from(members).to_string()
}

fn multipart(values: &Values) -> String {
    let parts = pairs(values).map(|(name, value)| {
        format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        )
    });
    parts.collect::<String>() + &format!("--{BOUNDARY}--\r\n")
}
