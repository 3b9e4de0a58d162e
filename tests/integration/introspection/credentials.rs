//! API keys in HTTP Basic: plain, and encoded as RFC 6749, section 2.3.1 requires.

use std::fs;

use data_encoding::BASE64;
use form_urlencoded::byte_serialize;
use isogloss_testkit::{Gateway, Request, Response};

use crate::introspection::builder;

/// Keys that encoding changes, and keys that only look encoded.
const KEYS: [&str; 6] = [
    "with%percent",
    "with+plus",
    "with:colon",
    "with a space",
    "with-\u{e9}\u{4e2d}",
    "with%2Bwhat%20looks+encoded",
];

fn gateway(config: &str) -> (Gateway, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let entries = KEYS.map(|key| {
        format!(
            "[[keys]]\nrealm = \"introspection\"\nlabel = \"{key}\"\nkey = \"{key}\"\nallow_weak = true\n"
        )
    });
    let file = folder.path().join("keys.toml");
    fs::write(&file, entries.concat()).unwrap();
    let gateway = builder()
        .config_text(config)
        .env("ISOGLOSS__DIRECTORY__IMPORT", file.display().to_string())
        .start()
        .unwrap();
    gateway.wait_until_ready().unwrap();
    (gateway, folder)
}

fn ask(gateway: &Gateway, path: &str, client: &str, key: &str) -> Response {
    let basic = BASE64.encode(format!("{client}:{key}").as_bytes());
    let request = Request::post(path).header("Authorization", format!("Basic {basic}"));
    request.form("token=x").send(gateway.management()).unwrap()
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

#[test]
fn a_key_is_taken_as_it_is_and_encoded() {
    let (gateway, _folder) = gateway("");
    for key in KEYS {
        for client in ["a service", "a:service%", "\u{e9}"] {
            let asked = ask(&gateway, "/introspect", &encoded(client), &encoded(key));
            assert_eq!(asked.status, 200, "{client} {key}");
            assert_eq!(asked.text(), r#"{"active":false}"#);
            // The key is accepted; the request itself is invalid.
            let asked = ask(&gateway, "/token", &encoded(client), &encoded(key));
            assert_eq!(asked.status, 400, "{client} {key}");
        }
        assert_eq!(
            ask(&gateway, "/introspect", "service", key).status,
            200,
            "{key}"
        );
        assert_eq!(ask(&gateway, "/token", "service", key).status, 400, "{key}");
    }
    for wrong in ["with plus", "with%2525percent", "", "%", "with"] {
        assert_eq!(
            ask(&gateway, "/introspect", "service", wrong).status,
            401,
            "{wrong}"
        );
    }
}

#[test]
fn a_wrong_key_that_can_be_read_in_two_ways_counts_once() {
    let (gateway, _folder) = gateway("[throttle]\nkey_tries = 6");
    for number in 0..6 {
        let wrong = format!("wrong+{number}%20");
        assert_eq!(ask(&gateway, "/introspect", "service", &wrong).status, 401);
    }
    assert_eq!(
        ask(&gateway, "/introspect", "service", "wrong+7").status,
        429
    );
}
