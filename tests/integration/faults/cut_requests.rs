//! Clients that reset the connection, at many points of every request that changes something.
//!
//! The state of the gateway and its audit log must agree. `ISOGLOSS_CUTS` sets the number of points for each
//! request.

mod cut;
mod found;
mod letters;
mod management;
mod public;
mod recorded;

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::dialects::dialect;
use isogloss_testkit::{Gateway, Redis, Request, Response, Store};
use serde_json::Value;

use crate::faults::cut_requests::cut::{CALIBRATIONS, Request as Changing, points};
use crate::faults::cut_requests::found::Found;

const PATIENCE: Duration = Duration::from_secs(20);
const GLANCE: Duration = Duration::from_millis(20);

/// Password of all these users, and its hash, so that the start spends no time on hashing.
const PASSWORD: &str = "one-for-all-of-them";
const HASH: &str = "$2b$10$abcdefghijklmnopqrstuuMZ7p.MpBRzbguo39n2SqTq86v1zmsSO";

/// Returns the name of a user. Each request has a user of its own.
fn user(subject: usize) -> String {
    format!("user-{subject}")
}

/// Returns the code of that user's card.
fn card(subject: usize) -> String {
    format!("CCD4537CA4AD4EE8912FFBAE{subject:08}")
}

/// Logs that subject's user in and returns the token.
fn token_of(name: &str, server: SocketAddr, subject: usize) -> String {
    let login = dialect(name).login(server, &user(subject), PASSWORD);
    let (answer, token) = login.unwrap();
    token.unwrap_or_else(|| panic!("{}", answer.text()))
}

/// Returns the demo's users, and one for each subject.
fn directory() -> String {
    let mut file = include_str!("../../../config/demo-directory.toml").to_owned();
    for subject in 0..points() + CALIBRATIONS {
        let (user, card) = (user(subject), card(subject));
        write!(
            file,
            "\n[[users]]\nuser_name = \"{user}\"\nemail = \"{user}@example.com\"\n\
             organisation = \"CRMDEMO\"\npassword_hash = \"{HASH}\"\n\
             access_cards = [{{ code = \"{card}\" }}]\n"
        )
        .unwrap();
    }
    file
}

fn start(store: Store) -> Gateway {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), directory()).unwrap();
    let gateway = Gateway::builder(crate::PROGRAM)
        .store(store)
        .config_text(
            "[jwt]\nenabled = true\nissuer = \"https://login.example.com\"\naudience = \"services\"",
        )
        .env(
            "ISOGLOSS__JWT__SECRET",
            "a secret of this test, of at least thirty-two bytes",
        )
        .env(
            "ISOGLOSS__DIRECTORY__IMPORT",
            file.path().display().to_string(),
        )
        // The test is not about logins that wait for others on a busy machine.
        .env("ISOGLOSS__PASSWORDS__QUEUE_TIMEOUT", "1m")
        .start()
        .unwrap();
    gateway.wait_until_ready().unwrap();
    gateway
}

/// Sends a request that must succeed, and returns the response.
fn done(request: &Request, server: SocketAddr) -> Response {
    let answer = request.send(server).unwrap();
    assert!(answer.status < 400, "{}: {}", answer.status, answer.text());
    answer
}

fn text(answer: &Response, pointer: &str) -> String {
    let answer = answer.json().unwrap();
    let text = answer.pointer(pointer).and_then(Value::as_str);
    text.unwrap_or_else(|| panic!("{pointer}: {answer}"))
        .to_owned()
}

fn events(gateway: &Gateway) -> Vec<Value> {
    crate::audit::events::of_file(&gateway.folder().join("data/audit.jsonl"))
}

/// Waits until the requests whose clients have gone are processed, and returns the differences between state and
/// audit log. There should be none, except for those that are known.
fn differences(gateway: &Gateway, before: &Found, known: &[String]) -> Vec<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = Found::in_gateway(gateway);
        let recorded = recorded::since(before, &events(gateway));
        let differences = found.differences(&recorded);
        if differences.is_empty() || differences == known || Instant::now() > deadline {
            return differences;
        }
        thread::sleep(GLANCE);
    }
}

/// Returns the requests to cut at a gateway.
type Requests = fn(&Gateway) -> Vec<Changing>;

/// Cuts each of these requests, and compares state and audit log after each of them.
fn cut_each(mut gateway: Gateway, requests: Requests) {
    let before = Found::in_gateway(&gateway);
    let (mut known, mut failures) = (Vec::new(), Vec::new());
    for request in requests(&gateway) {
        let (name, points, begun) = (request.name, points(), Instant::now());
        request.cut_at_all_points();
        let differences = differences(&gateway, &before, &known);
        let took = begun.elapsed();
        eprintln!("{name}: {points} resets, {took:.1?}, {differences:?}");
        if !differences.is_empty() && differences != known {
            failures.push(format!("{name}: {differences:?}"));
        }
        known = differences;
    }
    assert!(failures.is_empty(), "{failures:#?}");
    let all = events(&gateway);
    assert_eq!(gateway.terminate().unwrap().code(), Some(0));
    assert_eq!(events(&gateway), all, "recorded at the end");
}

fn state_and_audit_log_agree(mut store: impl FnMut() -> Store, of: [Requests; 2]) {
    let gateways = [store(), store()].map(start);
    thread::scope(|scope| {
        for (gateway, requests) in gateways.into_iter().zip(of) {
            scope.spawn(move || cut_each(gateway, requests));
        }
    });
}

#[test]
fn state_and_audit_log_agree_with_the_embedded_store() {
    let of: [Requests; 2] = [public::requests, management::requests];
    state_and_audit_log_agree(|| Store::Embedded, of);
}

#[test]
fn state_and_audit_log_agree_with_redis() {
    let redis = [Redis::start().unwrap(), Redis::start().unwrap()];
    let mut urls = redis.iter().map(Redis::url);
    let of: [Requests; 2] = [public::requests, management::requests_about_tokens];
    state_and_audit_log_agree(|| Store::Redis(urls.next().unwrap()), of);
}
