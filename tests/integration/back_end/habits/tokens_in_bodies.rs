//! Tokens in forms, in multipart bodies and in JSON, and bodies of every kind, which arrive byte for byte.

use isogloss_testkit::dialects::{dialect, dialects};
use isogloss_testkit::{Request, roundtrip};

use super::{BODIES, assert_linguist, call, echo, path};
use crate::back_end::Settings;

#[test]
fn a_token_in_a_body_counts_and_the_body_arrives_byte_for_byte() {
    let site = echo(&Settings::default());
    for (number, body) in BODIES.iter().enumerate() {
        let held = site.log_in(&dialect(body.dialect), "linguist");
        let what = format!("{} {}", body.media, body.text);
        let case = format!("case-{number};");
        let response = site.send(&body.request(&held).header("X-Case", &case));
        assert_eq!(response.status, 200, "{what}: {}", response.text());
        assert_eq!(response.text(), body.filled(&held), "{what}");
        let arrived = site.only(&case);
        assert_linguist(&arrived, body.dialect, &what);
        assert_eq!(arrived.body, body.filled(&held).into_bytes(), "{what}");
        assert_eq!(arrived.all("Content-Type"), [body.media], "{what}");
    }
}

#[test]
fn a_token_in_chunks_of_a_body_counts() {
    let site = echo(&Settings::default());
    for body in &BODIES {
        let held = site.log_in(&dialect(body.dialect), "linguist");
        let message = body
            .request(&held)
            .header("Transfer-Encoding", "chunked")
            .message("x");
        let message = String::from_utf8(message).unwrap();
        let (request_head, body) = message.split_once("\r\n\r\n").unwrap();
        let request_head = request_head
            .lines()
            .filter(|line| !line.starts_with("Content-Length"));
        let mut message = request_head.collect::<Vec<_>>().join("\r\n") + "\r\n\r\n";
        for byte in body.bytes() {
            message += "1\r\n";
            message.push(char::from(byte));
            message += "\r\n";
        }
        message += "0\r\n\r\n";
        // A character for each byte.
        let message: Vec<u8> = message
            .chars()
            .map(|one| u8::try_from(one).unwrap())
            .collect();
        let server = site.gateway.public().to_string();
        let response = roundtrip(&server, &message).unwrap();
        assert_eq!(response.text(), body);
    }
}

#[test]
fn a_token_beyond_the_limit_of_the_search_does_not_count() {
    let site = echo(&Settings {
        proxy: "token_search_limit = 1024",
        ..Settings::default()
    });
    let memsource = dialect("memsource");
    let held = site.log_in(&memsource, "linguist");
    let save =
        |form: &str| site.send(&Request::post(path(&memsource, "save")).form(form.to_owned()));
    for (length, counts) in [(500, true), (2000, false)] {
        let form = format!("text={}&token={}", "a".repeat(length), held.text);
        let response = save(&form);
        if counts {
            assert_eq!(response.text(), form);
        } else {
            assert_eq!(
                (response.status, memsource.check_error(&response)),
                (401, Ok(()))
            );
        }
    }
    // What comes after a token within the limit may be as long as it is.
    let form = format!("token={}&text={}", held.text, "a".repeat(300_000));
    assert_eq!(save(&form).text(), form);
}

#[test]
fn a_body_of_any_kind_arrives_byte_for_byte() {
    let site = echo(&Settings::default());
    // Every byte value, in an order without a pattern.
    let bytes =
        (0..3_000_000_u32).map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()[0]);
    let bytes: Vec<u8> = bytes.collect();
    for dialect in dialects() {
        let held = site.log_in(dialect, "linguist");
        for (name, media) in [
            ("bytes", "application/octet-stream"),
            ("form", "application/x-www-form-urlencoded"),
            ("text", "text/plain; charset=iso-8859-1"),
        ] {
            let request = call(&held, "POST", name)
                .header("Content-Type", media)
                .header("Content-Encoding", "gzip")
                .body(bytes.clone());
            let response = site.send(&request);
            assert_eq!(response.status, 200, "{} {name}", dialect.name);
            assert!(response.body == bytes, "{} {name}", dialect.name);
            assert_eq!(response.header("Content-Type"), Some(media));
            let arrived = site.only(&path(dialect, name));
            assert!(arrived.body == bytes, "{} {name}", dialect.name);
            assert_eq!(arrived.all("Content-Length"), ["3000000"]);
            assert_eq!(arrived.all("Content-Encoding"), ["gzip"]);
        }
    }
}
