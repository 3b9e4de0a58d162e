//! A server that answers what no server should.

use std::sync::Arc;
use std::time::Duration;

use isogloss_core::authority::{CauseKind, Decision};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::fixtures::{accepted, authority, judge, settings, unavailable};

/// What the server sends for the request with an identifier. `None`: nothing, and the connection stays open.
type Script = dyn Fn(u8) -> Option<Vec<u8>> + Send + Sync;

/// Starts a server with an answer to searches and one to binds, after each of which it closes the connection if it is to.
async fn server(on_search: Arc<Script>, on_bind: Arc<Script>, closes: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ldap://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (on_search, on_bind) = (Arc::clone(&on_search), Arc::clone(&on_bind));
            tokio::spawn(serve(stream, on_search, on_bind, closes));
        }
    });
    url
}

async fn serve(mut stream: TcpStream, on_search: Arc<Script>, on_bind: Arc<Script>, closes: bool) {
    let mut request = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut request).await {
        // Requests are short enough to come in one piece, and identifiers below 128.
        let header = if request[1] < 0x80 {
            2
        } else {
            2 + usize::from(request[1] & 0x7f)
        };
        let (id, operation) = (request[header + 2], request[header + 3]);
        assert!(length > header + 3 && id < 0x80);
        let script = match operation {
            0x63 => &on_search,
            0x60 => &on_bind,
            _ => return,
        };
        if let Some(answer) = script(id) {
            drop(stream.write_all(&answer).await);
            if closes {
                return;
            }
        }
    }
}

fn value(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x84][..], &length, &content].concat()
}

fn message(id: u8, operation: &[u8]) -> Vec<u8> {
    value(0x30, &[&[2, 1, id], operation])
}

/// Returns the end of an operation: of a bind 0x61, of a search 0x65.
fn end(tag: u8, code: u8) -> Vec<u8> {
    value(tag, &[&[10, 1, code, 4, 0, 4, 0]])
}

fn entry(dn: &str) -> Vec<u8> {
    let id = [
        value(4, &[b"entryUUID"]),
        value(0x31, &[&value(4, &[b"u1"])]),
    ];
    let attributes = value(0x30, &[&value(0x30, &[&id.concat()])]);
    value(0x64, &[&value(4, &[dn.as_bytes()]), &attributes])
}

/// Returns one entry and the end of the search.
fn found(id: u8) -> Vec<u8> {
    [message(id, &entry("cn=a")), message(id, &end(0x65, 0))].concat()
}

fn script(answer: impl Fn(u8) -> Vec<u8> + Send + Sync + 'static) -> Arc<Script> {
    Arc::new(move |id| Some(answer(id)))
}

async fn decision(on_search: Arc<Script>, on_bind: Arc<Script>, closes: bool) -> Decision {
    let mut settings = settings(&server(on_search, on_bind, closes).await);
    settings.search_timeout = Duration::from_millis(300);
    settings.timeout = Duration::from_secs(2);
    judge(&authority(settings), "a", "b").await
}

/// Answers that are wrong for every request, what they are, whether the connection is closed then, and what follows.
fn wrong_answers() -> Vec<WrongAnswer> {
    [broken_streams(), foreign_messages()]
        .into_iter()
        .flatten()
        .collect()
}

type WrongAnswer = (&'static str, Arc<Script>, bool, CauseKind);

fn broken_streams() -> Vec<WrongAnswer> {
    let deep = |_| {
        let mut deep = Vec::new();
        for _ in 0..10_000 {
            deep = value(0x30, &[&deep]);
        }
        deep
    };
    let many = |id| {
        value(
            0x30,
            &[&[2, 1, id], &value(0x64, &[&[4, 0].repeat(100_000)])],
        )
    };
    vec![
        ("nothing", Arc::new(|_| None), false, CauseKind::Timeout),
        ("the end", script(|_| vec![]), true, CauseKind::Closed),
        (
            "half a message",
            script(|id| found(id)[..20].to_vec()),
            true,
            CauseKind::Closed,
        ),
        (
            "half a message, then nothing",
            script(|id| found(id)[..20].to_vec()),
            false,
            CauseKind::Timeout,
        ),
        (
            "HTTP",
            script(|_| b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
            false,
            CauseKind::Response,
        ),
        (
            "zeros",
            script(|_| vec![0; 1000]),
            false,
            CauseKind::Response,
        ),
        (
            "two gigabytes",
            script(|_| vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]),
            false,
            CauseKind::Response,
        ),
        (
            "ten megabytes",
            script(|id| message(id, &value(0x64, &[&vec![0; 10_000_000]]))),
            false,
            CauseKind::Response,
        ),
        ("nested deeply", script(deep), false, CauseKind::Response),
        ("many parts", script(many), false, CauseKind::Response),
    ]
}

fn foreign_messages() -> Vec<WrongAnswer> {
    let response = |what, script| (what, script, false, CauseKind::Response);
    vec![
        response(
            "another identifier",
            script(|id| message(id + 1, &end(0x61, 0))),
        ),
        response("no identifier", script(|_| value(0x30, &[&end(0x61, 0)]))),
        response("no operation", script(|id| value(0x30, &[&[2, 1, id]]))),
        response("no parts", script(|_| vec![0x30, 0])),
        response(
            "no result code",
            script(|id| message(id, &value(0x61, &[]))),
        ),
        response(
            "an unknown operation",
            script(|id| message(id, &end(0x7e, 0))),
        ),
        response(
            "an extended response",
            script(|id| message(id, &end(0x78, 0))),
        ),
        (
            "a notice of disconnection",
            script(|_| message(0, &end(0x78, 52))),
            false,
            CauseKind::Closed,
        ),
    ]
}

#[tokio::test]
async fn server_of_the_scripts_is_understood_if_it_answers_as_it_should() {
    let on_bind = |code| script(move |id| message(id, &end(0x61, code)));
    assert_eq!(
        accepted(decision(script(found), on_bind(0), false).await).external_id,
        "u1"
    );
    assert_eq!(
        decision(script(found), on_bind(49), false).await,
        Decision::Rejected
    );
}

#[tokio::test]
async fn wrong_answers_are_neither_a_yes_nor_a_no() {
    for (what, answer, closes, expected) in wrong_answers() {
        let on_bind = script(|id| message(id, &end(0x61, 0)));
        let kind = unavailable(decision(Arc::clone(&answer), on_bind, closes).await);
        assert_eq!(kind, expected, "search: {what}");
        let kind = if closes {
            // The server closes all connections after their first answer, also that of the search.
            let server = server(script(found), answer, true).await;
            unavailable(judge(&authority(settings(&server)), "a", "b").await)
        } else {
            unavailable(decision(script(found), answer, false).await)
        };
        assert_eq!(kind, expected, "bind: {what}");
    }
    // What is right for the other request is wrong.
    let on_bind = script(|id| message(id, &end(0x65, 0)));
    assert_eq!(
        unavailable(decision(script(found), on_bind, false).await),
        CauseKind::Response
    );
    let on_search = script(|id| [message(id, &entry("cn=a")), message(id, &end(0x61, 0))].concat());
    let on_bind = script(|id| message(id, &end(0x61, 0)));
    assert_eq!(
        unavailable(decision(on_search, on_bind, false).await),
        CauseKind::Response
    );
}

#[tokio::test]
async fn only_one_entry_with_a_name_and_an_end_is_a_user() {
    let entries = |dns: &'static [&str], code| {
        script(move |id| {
            let entries = dns
                .iter()
                .map(|dn| message(id, &entry(dn)))
                .collect::<Vec<_>>()
                .concat();
            [entries, message(id, &end(0x65, code))].concat()
        })
    };
    for (what, on_search, expected) in [
        ("no name", entries(&[""], 0), CauseKind::Response),
        ("blanks", entries(&[" "], 0), CauseKind::Response),
        (
            "two entries",
            entries(&["cn=a", "cn=b"], 0),
            CauseKind::Ambiguous,
        ),
        (
            "two entries of more",
            entries(&["cn=a", "cn=b"], 4),
            CauseKind::Ambiguous,
        ),
        (
            "more than were asked for",
            entries(&["cn=a", "cn=b", "cn=c"], 0),
            CauseKind::Response,
        ),
        ("one of more", entries(&["cn=a"], 4), CauseKind::Refused),
        ("a referral", entries(&[], 10), CauseKind::Configuration),
        ("busy", entries(&["cn=a"], 51), CauseKind::Refused),
        ("no permission", entries(&[], 50), CauseKind::Configuration),
        ("time limit", entries(&[], 3), CauseKind::Timeout),
    ] {
        let on_bind = script(|id| message(id, &end(0x61, 0)));
        assert_eq!(
            unavailable(decision(on_search, on_bind, false).await),
            expected,
            "{what}"
        );
    }
    let on_bind = script(|id| message(id, &end(0x61, 0)));
    assert_eq!(
        decision(entries(&[], 0), on_bind, false).await,
        Decision::UnknownUser
    );
}

#[tokio::test]
async fn only_invalid_credentials_are_a_wrong_password() {
    for code in (1..=127).filter(|code| *code != 49) {
        let on_bind = script(move |id| message(id, &end(0x61, code)));
        unavailable(decision(script(found), on_bind, false).await);
    }
}
