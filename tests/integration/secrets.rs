//! No credentials in logs or error responses, whatever was requested. The audit log is one of the logs.

mod access_log;
mod attempts;
mod command_line;
mod management_listener;
mod other_outputs;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use isogloss_testkit::dialects::{HeldToken, TokenKind};
use isogloss_testkit::servers::wait_until;
use isogloss_testkit::{Builder, Gateway, Redis, Response, Store, roundtrip};
use tempfile::TempDir;

use crate::secrets::attempts::Outcome;
use isogloss_testkit::token_spellings::{LowercaseBytes, Secret};

/// Returns a builder for a gateway that logs everything, with the marked users in its directory.
fn talkative(store: Store, folder: &TempDir) -> Builder {
    let builder = Gateway::builder(crate::PROGRAM)
        .store(store)
        .folder(folder.path())
        .env("ISOGLOSS__AUDIT__DATABASE", "true")
        .env("ISOGLOSS__TOKENS__PEPPER", management_listener::PEPPER)
        .env("ISOGLOSS__LOGGING__LEVEL", "trace");
    crate::marked_secrets::import(builder, folder.path()).unwrap()
}

/// Returns the audit log of a gateway that has ended, from its file and its table.
fn audited(builder: &Builder, folder: &Path) -> Vec<String> {
    let file = fs::read_to_string(folder.join("data/audit.jsonl")).unwrap();
    let serve = builder.command(folder).unwrap();
    let set = serve
        .get_envs()
        .filter_map(|(key, value)| Some((key, value?)));
    let table = Command::new(serve.get_program())
        .current_dir(folder)
        .args(["audit", "list", "--json", "--limit", "1000000"])
        .envs(set)
        .output()
        .unwrap();
    let table = String::from_utf8(table.stdout).unwrap();
    let events: Vec<serde_json::Value> = serde_json::from_str(&table).unwrap();
    assert_eq!(events.len(), file.lines().count());
    for outcome in ["done", "refused"] {
        let is_one = |event: &serde_json::Value| event["outcome"] == outcome;
        assert!(events.iter().any(is_one), "nothing was recorded at all");
    }
    file.lines()
        .chain(table.lines())
        .map(str::to_owned)
        .collect()
}

fn passwords_and_keys() -> Vec<Secret> {
    vec![
        Secret::text("the password", crate::marked_secrets::PASSWORD),
        Secret::text("a wrong password", crate::marked_secrets::WRONG_PASSWORD),
        Secret::text("the pepper", management_listener::PEPPER),
        Secret::text(
            "the key of an administrator",
            crate::marked_secrets::ADMIN_KEY,
        ),
        Secret::text(
            "a wrong key of an administrator",
            management_listener::WRONG_ADMIN_KEY,
        ),
        Secret::text("the APIKey", crate::marked_secrets::API_KEY),
        Secret::text("a wrong APIKey", attempts::WRONG_KEY),
        Secret::text("a card's code", crate::marked_secrets::CARD_CODE),
        Secret::text("a card's pass code", crate::marked_secrets::PASS_CODE),
        Secret::text(
            "a card's identifier",
            crate::marked_secrets::CARD_IDENTIFIER,
        ),
        Secret::text("the code of a second factor", attempts::CODE),
        Secret::text(
            "the user name of a failed login",
            crate::marked_secrets::LOSER,
        ),
        Secret::text("the user name of a failed login", attempts::NOBODY),
    ]
}

fn nothing_leaks(store: Store) {
    let folder = TempDir::new().unwrap();
    let builder = talkative(store, &folder);
    let mut gateway = builder.clone().start().unwrap();
    let server = gateway.public();
    let tokens = crate::marked_secrets::test_user()
        .every_token(server)
        .unwrap();
    let mut secrets = passwords_and_keys();
    secrets.extend(
        tokens
            .iter()
            .map(|held| Secret::token(format!("{:?}", held.kind), &held.text)),
    );
    secrets.push(Secret::token(
        "a token that was never issued",
        attempts::UNKNOWN_TOKEN,
    ));

    let mut leaks = Vec::new();
    for attempt in attempts::all_kinds(&tokens) {
        let answer = roundtrip(&server.to_string(), &attempt.message);
        let accepted = answer.as_ref().is_ok_and(attempts::accepts);
        let shown = attempt.shown();
        match attempt.outcome {
            Outcome::Accepted => assert!(accepted, "{shown}: {answer:?}"),
            Outcome::Refused => assert!(!accepted, "{shown}: {answer:?}"),
            Outcome::Either => {}
        }
        // The server may close the connection if the message is not HTTP.
        if let Some(answer) = answer.ok().filter(|_| !accepted) {
            leaks.extend(leaking_answer(&shown, &answer, &secrets));
        }
    }
    present(&gateway, &tokens, 200);
    for (path, answer) in management_listener::answers(&gateway) {
        leaks.extend(leaking_answer(path, &answer, &secrets));
    }
    let mut held: Vec<_> = tokens.iter().map(|held| held.text.clone()).collect();
    held.push(attempts::UNKNOWN_TOKEN.to_owned());
    for (path, answer) in management_listener::asked_by_services(&gateway, &held) {
        leaks.extend(leaking_answer(path, &answer, &secrets));
    }
    assert!(gateway.terminate().unwrap().success());
    let log = gateway.log();
    // The log was detailed.
    assert!(log.iter().any(|line| line.contains(r#""level":"TRACE""#)));
    leaks.extend(leaking_lines(&log, &secrets));
    let audited = audited(&builder, folder.path());
    leaks.extend(leaking_lines(&audited, &secrets));
    assert!(leaks.is_empty(), "{}", leaks.join("\n\n"));
}

/// Presents each token, checks the status, and returns the responses. Cross tokens are left out: they are used up.
fn present(gateway: &Gateway, tokens: &[HeldToken], expected: u16) -> Vec<Response> {
    let reusable = tokens
        .iter()
        .filter(|held| held.kind != TokenKind::of("bimplus", "cross"));
    let requests = reusable.filter_map(HeldToken::presented);
    let answers = requests.map(|request| request.send(gateway.public()).unwrap());
    answers
        .inspect(|answer| assert_eq!(answer.status, expected, "{}", answer.text()))
        .collect()
}

fn leaking_answer(asked: &str, answer: &Response, secrets: &[Secret]) -> Vec<String> {
    let sent = sent(answer);
    let searched = LowercaseBytes::new(&sent);
    let leaks = secrets.iter().filter(|secret| secret.is_in(&searched));
    leaks
        .map(|secret| {
            format!(
                "{asked}\nthe response contains {}: {}",
                secret.what,
                sent.escape_ascii()
            )
        })
        .collect()
}

fn sent(answer: &Response) -> Vec<u8> {
    let mut bytes = answer.body.clone();
    for (name, value) in &answer.headers {
        bytes.extend_from_slice(format!("\n{name}: {value}").as_bytes());
    }
    bytes
}

/// Returns the first line of each target and secret, with their number.
fn leaking_lines(log: &[String], secrets: &[Secret]) -> Vec<String> {
    let mut lines: BTreeMap<(String, &str), (usize, &str)> = BTreeMap::new();
    // One search for each secret, unless there is something to find.
    let whole = LowercaseBytes::new(log.join("\n"));
    let leaked: Vec<_> = secrets
        .iter()
        .filter(|secret| secret.is_in(&whole))
        .collect();
    for line in log.iter().filter(|_| !leaked.is_empty()) {
        let searched = LowercaseBytes::new(line);
        let parsed = serde_json::from_str::<serde_json::Value>(line).unwrap_or_default();
        let target = parsed["target"].as_str().unwrap_or("no target").to_owned();
        for secret in leaked.iter().filter(|secret| secret.is_in(&searched)) {
            let key = (target.clone(), secret.what.as_str());
            lines.entry(key).or_insert((0, line)).0 += 1;
        }
    }
    let lines = lines.into_iter();
    lines
        .map(|((target, what), (count, line))| {
            format!("{target} logs {what}, {count} times, first: {line}")
        })
        .collect()
}

#[test]
fn nothing_leaks_with_the_embedded_store() {
    nothing_leaks(Store::Embedded);
}

#[test]
fn nothing_leaks_with_redis() {
    let redis = Redis::start().unwrap();
    nothing_leaks(Store::Redis(redis.url()));
}

#[test]
fn nothing_leaks_when_redis_is_away() {
    let mut redis = Redis::start().unwrap();
    let folder = TempDir::new().unwrap();
    let builder = talkative(Store::Redis(redis.url()), &folder);
    let mut gateway = builder.clone().start().unwrap();
    let server = gateway.public();
    let tokens = crate::marked_secrets::test_user()
        .every_token(server)
        .unwrap();
    redis.stop().unwrap();
    // Cached tokens are accepted until the gateway has noticed that its connection is closed.
    wait_until("a token check is refused", || {
        let check = tokens[0].presented().unwrap();
        check.send(server).unwrap().status == 503
    })
    .unwrap();
    let mut secrets = passwords_and_keys();
    secrets.extend(
        tokens
            .iter()
            .map(|held| Secret::token(format!("{:?}", held.kind), &held.text)),
    );
    let mut answers = present(&gateway, &tokens, 503);
    answers.extend(
        crate::marked_secrets::test_user()
            .logins()
            .into_iter()
            .map(|(_, login)| login.send(server).unwrap()),
    );
    let refusals = answers.iter();
    let mut leaks: Vec<_> = refusals
        .flat_map(|answer| leaking_answer("a request", answer, &secrets))
        .collect();
    assert!(gateway.terminate().unwrap().success());
    leaks.extend(leaking_lines(&gateway.log(), &secrets));
    let audited = audited(&builder, folder.path());
    leaks.extend(leaking_lines(&audited, &secrets));
    assert!(leaks.is_empty(), "{}", leaks.join("\n\n"));
}
