//! Valid requests, damaged at random.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use conformance::Response;
use serde_json::Value;

use crate::chance::Chance;
use crate::refusal;
use crate::{assert_unharmed, gateway};

const MUTATIONS: usize = 2000;
const MOST_AT_ONCE: usize = 4;

/// What the dialects' clients send.
const VALID: [(&str, &str, &str); 14] = [
    (
        "POST /v2/authorize",
        "Content-Type: application/json",
        r#"{"user_id": "admin", "password": "admin-demo", "remember_me": "true", "client_id": "0864b512-1776-4a55-8ee5-2b19d7d9b7ea",}"#,
    ),
    (
        "POST /v2/authorize",
        "Content-Type: application/json",
        r#"{"remember_me": "true", "remeber_me_token": "b930e0179baf4f919caeab28328190a3", "client_id": "0864b512-1776-4a55-8ee5-2b19d7d9b7ea",}"#,
    ),
    (
        "GET /v2/authorize",
        "Authorization: BimPlus 35eb2b5e-94b5-4d5a-afa6-b6a7b6e8de01",
        "",
    ),
    (
        "DELETE /v2/authorize",
        "Authorization: BimPlus 35eb2b5e94b54d5aafa6b6a7b6e8de01",
        "",
    ),
    (
        "POST /v2/cross-token",
        "Authorization: BimPlus 35eb2b5e94b54d5aafa6b6a7b6e8de01",
        "null",
    ),
    (
        "POST /v2/cross-authorize",
        "Content-Type: application/json; charset=utf-8",
        r#"{"cross_token": "b392cee4d0044ef681fa911772668cf9"}"#,
    ),
    (
        "POST /crmapi/rest/v2/authentication/token",
        "Content-Type: application/json",
        r#"{"username": "admin", "password": "admin-demo", "organisation": "CRMDEMO", "unit": "EE63A82C4FEBE02FF34E90DD1EBA5ABE"}"#,
    ),
    (
        "POST /crmapi/rest/v2/authentication/token",
        "Content-Type: application/json",
        r#"{"access_token_identifier": {"identifier": "kyriakos", "pass_code": "12345"}, "organisation": "CRMDEMO"}"#,
    ),
    (
        "POST /api/v1/Authentication/Login?fields=Me&suppressResponseCodes=true&APIKey=demo-api-key&APIToken=x",
        "Content-Type: text/json",
        r#"{"userName": "sample", "password": "sample-demo", "deviceName": "d", "generateReAuthenticationToken": true}"#,
    ),
    (
        "POST /api/v1/Authentication/TokenLogin?APIKey=demo-api-key",
        "Content-Type: application/x-www-form-urlencoded",
        "reAuthenticationToken=sample%20string%201",
    ),
    (
        "GET /web/api/v3/auth/login?userName=admin&password=admin-demo",
        "Accept: application/json",
        "",
    ),
    (
        "POST /web/api/v3/auth/login",
        "Content-Type: application/x-www-form-urlencoded",
        "userName=guarded&password=guarded-demo&code=123456",
    ),
    (
        "POST /web/api/v3/auth/loginOther?userName=linguist",
        "Content-Type: application/json",
        r#"{"token": "30-a3bf70333f8f1316cb7841cd774c9ce8"}"#,
    ),
    (
        "GET /web/login/authByToken?token=30-a3bf70333f8f1316cb7841cd774c9ce8&url=%2Fweb%2Fproject",
        "Cookie: isogloss_session=x",
        "",
    ),
];

/// Pieces that parsers trip over.
const PIECES: [&[u8]; 18] = [
    b"\0",
    b"\r\n",
    b"\r\n\r\n",
    b"%",
    b"\xff",
    b"\"",
    b"\\",
    b"{",
    b"[",
    b"&",
    b"=",
    b"/",
    b"//..",
    b": ",
    b",",
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Length: 5\r\n",
    b"99999999999999999999",
];

/// A request of which nothing, or the body alone, is damaged: its length is right.
fn request(chance: &mut Chance, keep_alive: bool, damage: usize) -> Vec<u8> {
    let (line, header, body) = VALID[chance.below(VALID.len())];
    let mut body = body.as_bytes().to_vec();
    for _ in 0..damage {
        mutate(chance, &mut body);
    }
    let connection = if keep_alive { "keep-alive" } else { "close" };
    let length = body.len();
    let head = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\n{header}\r\nContent-Length: {length}\r\nConnection: {connection}\r\n\r\n"
    );
    [head.into_bytes(), body].concat()
}

fn mutate(chance: &mut Chance, message: &mut Vec<u8>) {
    if message.is_empty() {
        return;
    }
    let place = chance.below(message.len());
    let end = (place + 1 + chance.below(40)).min(message.len());
    match chance.below(7) {
        0 => message[place] ^= 1 << chance.below(8),
        1 => message[place] = chance.byte(),
        2 => message.truncate(place),
        3 => drop(message.drain(place..end)),
        4 => {
            let repeated = message[place..end].repeat(1 + chance.below(30));
            message.splice(place..place, repeated);
        }
        5 => {
            let other = request(chance, true, 0);
            let from = chance.below(other.len());
            let to = (from + chance.below(80)).min(other.len());
            message.splice(place..end, other[from..to].iter().copied());
        }
        _ => {
            let piece = PIECES[chance.below(PIECES.len())];
            message.splice(place..place, piece.iter().copied());
        }
    }
}

/// Sends it all, says that there is no more, and reads whatever comes.
fn exchange(public: SocketAddr, message: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(public).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let mut received = Vec::new();
    // A server that has seen enough may hang up on the rest.
    if stream.write_all(message).is_ok() {
        drop(stream.shutdown(Shutdown::Write));
    }
    match stream.read_to_end(&mut received) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the connection stays open: {error}"),
    }
    received
}

/// Every answer in what came back.
fn answers(mut received: &[u8]) -> Vec<Response> {
    let mut answers = Vec::new();
    while !received.is_empty() {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Response::new(&mut headers);
        let start = head.parse(received).unwrap().unwrap();
        let mut answer = Response {
            status: head.code.unwrap(),
            reason: head.reason.unwrap().to_owned(),
            headers: head
                .headers
                .iter()
                .map(|header| {
                    let value = String::from_utf8_lossy(header.value);
                    (header.name.to_owned(), value.into_owned())
                })
                .collect(),
            body: Vec::new(),
        };
        let length = answer
            .header("Content-Length")
            .map_or(0, |length| length.parse().unwrap());
        let body = received.get(start..start + length).unwrap_or_default();
        answer.body = body.to_vec();
        received = &received[start + body.len()..];
        answers.push(answer);
    }
    answers
}

/// A dialect's refusal, a dialect's success, or one of the few answers that nobody's dialect gives.
fn is_known(answer: &Response) -> bool {
    if answer.body.is_empty() {
        // A logout, an unparsable head or one without end, a path of no dialect, `Expect`, a redirect.
        return matches!(answer.status, 100 | 200 | 302 | 400 | 404 | 408 | 431);
    }
    let refused = ["bimplus", "crmcom", "tokenlogin", "memsource"]
        .iter()
        .any(|dialect| refusal::check(dialect, answer).is_ok());
    // `suppressResponseCodes` makes 200 of a refusal.
    refused
        || answer.status == 200
            && answer
                .json()
                .is_ok_and(|body| matches!(body, Value::Object(_)))
}

#[test]
fn damaged_requests_are_refused_and_harm_nobody() {
    let seed = Chance::seed();
    eprintln!("ISOGLOSS_FUZZ_SEED={seed}");
    let mut chance = Chance::new(seed);
    let mut gateway = gateway();
    let (mut sent, mut answered, mut by_a_dialect) = (0, 0, 0);
    while sent < MUTATIONS {
        let at_once = 1 + chance.below(MOST_AT_ONCE);
        let mut messages = Vec::new();
        for index in 1..=at_once {
            let damage = 1 + chance.below(3);
            // Damage to a head often ends a connection, so that damaged bodies come alone half the time.
            let (body, all) = if chance.below(2) == 0 {
                (damage, 0)
            } else {
                (0, damage)
            };
            let mut message = request(&mut chance, index < at_once, body);
            for _ in 0..all {
                mutate(&mut chance, &mut message);
            }
            messages.extend(message);
        }
        sent += at_once;
        for answer in answers(&exchange(gateway.public(), &messages)) {
            answered += 1;
            by_a_dialect += usize::from(!answer.body.is_empty());
            let what = String::from_utf8_lossy(&messages);
            assert!(
                answer.status < 500 && is_known(&answer),
                "ISOGLOSS_FUZZ_SEED={seed}\n{what}\n--- came\n{}",
                refusal::shown(&answer)
            );
        }
    }
    eprintln!("{sent} sent, {answered} answered, {by_a_dialect} by a dialect");
    assert!(
        answered > MUTATIONS / 3,
        "{answered} of {sent} were answered"
    );
    assert!(
        by_a_dialect > MUTATIONS / 5,
        "{by_a_dialect} of {sent} reached a dialect"
    );
    assert_unharmed(&mut gateway);
}
