//! No credentials in the access log, in any format, whatever was requested.

use std::fs;

use isogloss_testkit::{Store, roundtrip};
use tempfile::TempDir;

use super::{attempts, leaking_lines, passwords_and_keys, talkative};
use isogloss_testkit::token_spellings::Secret;

fn nothing_leaks_as(format: &str) {
    let folder = TempDir::new().unwrap();
    let mut gateway = talkative(Store::Memory, &folder)
        .env("ISOGLOSS__LOGGING__ACCESS_TO", "file:access")
        .env("ISOGLOSS__LOGGING__ACCESS_FORMAT", format)
        .start()
        .unwrap();
    let server = gateway.public();
    let test_user = crate::marked_secrets::test_user();
    let tokens = test_user.every_token(server).unwrap();
    let mut secrets = passwords_and_keys();
    secrets.push(Secret::token("an unknown token", attempts::UNKNOWN_TOKEN));
    for held in &tokens {
        secrets.push(Secret::token(format!("{:?}", held.kind), &held.text));
    }
    let mut messages: Vec<_> = attempts::all_kinds(&tokens)
        .into_iter()
        .map(|attempt| attempt.message)
        .collect();
    messages.extend(secrets_in_odd_places(&tokens[0].text));
    for message in &messages {
        // The server may close the connection if the message is not HTTP.
        drop(roundtrip(&server.to_string(), message));
    }
    assert!(gateway.terminate().unwrap().success());
    let log = fs::read_to_string(folder.path().join("access")).unwrap();
    let lines: Vec<_> = log.lines().map(str::to_owned).collect();
    // Some of the messages are not HTTP, so they are no requests.
    assert!(lines.len() > messages.len() / 2, "{}", lines.len());
    let leaks = leaking_lines(&lines, &secrets);
    assert!(leaks.is_empty(), "{}", leaks.join("\n\n"));
}

/// Returns requests with a password and a token where the access log has texts of the client.
fn secrets_in_odd_places(token: &str) -> Vec<Vec<u8>> {
    let password = crate::marked_secrets::PASSWORD;
    let targets = [
        format!("/v2/projects?password={password}"),
        format!("/v2/projects%3Fpassword={password}"),
        format!("/v2/projects%253Fpassword%253D{password}"),
        format!("/elsewhere;session={token}"),
        format!("/elsewhere&token={token}"),
        format!("http://user:{password}@isogloss/elsewhere?token={token}"),
    ];
    let heads = targets
        .iter()
        .map(|target| format!("GET {target} HTTP/1.1"));
    let heads = heads.chain([format!("{password} / HTTP/1.1")]);
    let messages = heads.map(|head| {
        format!(
            "{head}\r\nHost: isogloss\r\nConnection: close\r\n\
             Referer: https://user:{password}@isogloss/a;b={token}?c={token}\r\n\
             Authorization: Bearer {token}\r\nCookie: memsource_token={token}\r\n\
             X-Request-Id: {token}\r\nX-Forwarded-For: {token}\r\nForwarded: for={token}\r\n\r\n"
        )
    });
    messages.map(String::into_bytes).collect()
}

#[test]
fn nothing_leaks_into_the_access_log_as_json() {
    nothing_leaks_as("json");
}

#[test]
fn nothing_leaks_into_the_access_log_as_combined() {
    nothing_leaks_as("combined");
}
