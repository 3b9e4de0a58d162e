//! Bodies that do not arrive are refused in the dialect's format, and then the connection ends.

use std::net::SocketAddr;
use std::thread;

use isogloss_testkit::{Gateway, Response};

use crate::hostile::routes::{Body, Route, every_route};
use isogloss_testkit::raw_http;

use crate::hostile::assert_unharmed;

/// The framing that a client announces, and the part of the body that it sends.
const BEGINNINGS: [(&str, &str); 3] = [
    ("Content-Length: 60\r\n", ""),
    ("Content-Length: 60\r\n", "{\"user_id\": "),
    ("Transfer-Encoding: chunked\r\n", "5\r\n{\"use"),
];

/// Sends the beginning of a body, and returns all responses until the connection ends.
fn unfinished(server: SocketAddr, route: &Route, (framing, body): (&str, &str)) -> Vec<Response> {
    let target = String::from_utf8(route.target(b"")).unwrap();
    let message = format!(
        "{} {target} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{framing}\r\n{body}",
        route.method
    );
    let mut stream = raw_http::send(server, message.as_bytes());
    raw_http::parse_responses(&raw_http::until_closed(&mut stream))
}

fn assert_refused(route: &Route, beginning: (&str, &str), response: Response) {
    let what = format!("{beginning:?}");
    assert_eq!(
        response.header("Connection"),
        Some("close"),
        "{what}: {response:?}"
    );
    route.assert_refused(&what, 408, &Ok(response));
}

#[test]
fn a_body_that_does_not_arrive_is_refused_and_its_connection_ends() {
    let mut gateway = Gateway::builder(crate::PROGRAM)
        .env("ISOGLOSS__SERVER__BODY_TIMEOUT", "1s")
        .start()
        .unwrap();
    let server = gateway.public();
    let reading = every_route().filter(|route| route.body != Body::Ignored);
    let mut waiting = Vec::new();
    for route in reading {
        for beginning in BEGINNINGS {
            let waits = thread::spawn(move || unfinished(server, &route, beginning));
            waiting.push((route, beginning, waits));
        }
    }
    for (route, beginning, waits) in waiting {
        let mut answers = waits.join().unwrap();
        assert_eq!(answers.len(), 1, "{beginning:?}: {answers:?}");
        assert_refused(&route, beginning, answers.remove(0));
    }
    assert_unharmed(&mut gateway);
}
