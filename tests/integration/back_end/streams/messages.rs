//! Each way in which a message can begin, end, and follow another.

use std::io::Write as _;

use isogloss_testkit::dialects::{HeldToken, dialect};
use isogloss_testkit::{Request, Response, Step, raw_http};

use super::{call, name_of, path, read_head, read_text};
use crate::back_end::{Settings, Site};

/// What the back end responds to a call, by its name.
fn response(name: &str) -> String {
    let ok = "HTTP/1.1 200 OK\r\n";
    match name {
        "no-content" => "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n".to_owned(),
        "unchanged" => {
            "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 70\r\n\r\n".to_owned()
        }
        "head" => format!("{ok}Content-Length: 1234\r\nX-A: b\r\n\r\n"),
        "head-chunked" => format!("{ok}Transfer-Encoding: chunked\r\nX-A: b\r\n\r\n"),
        "empty" => format!("{ok}Content-Length: 0\r\n\r\n"),
        "chunked" => format!(
            "{ok}Transfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-T: u\r\n\r\n"
        ),
        "hints" => format!(
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n{ok}Content-Length: 2\r\n\r\nab"
        ),
        "hops" => format!(
            "{ok}Connection: keep-alive, X-Hop\r\nX-Hop: c\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\n\
             Upgrade: h2c\r\nX-A: b\r\nContent-Length: 2\r\n\r\nab"
        ),
        _ => format!("{ok}Content-Length: {}\r\n\r\n{name}", name.len()),
    }
}

fn site() -> (Site, HeldToken) {
    let site = Site::start(&Settings::default(), |request| {
        let name = name_of(request);
        if name == "echo" {
            return vec![Step::Echo];
        }
        Step::respond(response(&name))
    });
    let held = site.linguist();
    (site, held)
}

fn get(site: &Site, held: &HeldToken, method: &str, name: &str) -> Response {
    site.send(&call(held, method, name))
}

#[test]
fn responses_without_a_body_have_none() {
    let (site, held) = site();
    for (method, name, status, length) in [
        ("HEAD", "head", 200, Some("1234")),
        ("HEAD", "head-chunked", 200, None),
        ("HEAD", "empty", 200, Some("0")),
        ("GET", "empty", 200, Some("0")),
        ("GET", "no-content", 204, None),
        ("DELETE", "no-content", 204, None),
    ] {
        let lines = "Connection: close\r\n";
        let message = call(&held, method, name).message("x");
        let message = String::from_utf8(message).unwrap();
        assert!(message.contains(lines));
        let mut client = raw_http::send(site.gateway.public(), message.as_bytes());
        let response_head = read_head(&mut client).to_lowercase();
        assert!(
            response_head.starts_with(&format!("http/1.1 {status} ")),
            "{method} {name}: {response_head}"
        );
        let line = length.map(|length| format!("content-length: {length}\r\n"));
        assert_eq!(
            response_head.contains("content-length"),
            line.is_some(),
            "{method} {name}: {response_head}"
        );
        assert!(
            line.is_none_or(|line| response_head.contains(&line)),
            "{method} {name}: {response_head}"
        );
        let rest = raw_http::until_closed(&mut client);
        assert!(
            rest.is_empty(),
            "{method} {name}: {}",
            String::from_utf8_lossy(&rest)
        );
    }
    let unchanged = get(&site, &held, "GET", "unchanged");
    assert_eq!(
        (unchanged.status, unchanged.header("ETag")),
        (304, Some("\"a\""))
    );
    assert!(unchanged.body.is_empty());
    // Every connection to the back end is in order.
    assert_eq!(get(&site, &held, "GET", "list").text(), "list");
}

#[test]
fn chunks_go_both_ways_and_trailers_do_not() {
    let (site, held) = site();
    let response = get(&site, &held, "GET", "chunked");
    assert_eq!(response.text(), "abcde");
    assert!(response.header("X-T").is_none() && response.header("Trailer").is_none());
    let body = "4\r\nabcd\r\n6;x\r\nefghij\r\n0\r\nX-T: u\r\n\r\n";
    let request = call(&held, "POST", "echo")
        .header("Transfer-Encoding", "chunked")
        .header("Content-Type", "text/plain");
    let message = String::from_utf8(request.message("x")).unwrap();
    let message = message.replace("Content-Length: 0\r\n", "") + body;
    let server = site.gateway.public().to_string();
    let response = isogloss_testkit::roundtrip(&server, message.as_bytes()).unwrap();
    assert_eq!(response.text(), "abcdefghij");
    let recorded = site.only("/echo");
    assert_eq!(
        (&recorded.body[..], &recorded.trailers[..]),
        (&b"abcdefghij"[..], &b""[..])
    );
}

#[test]
fn interim_responses_are_passed_over() {
    let (site, held) = site();
    let mut client = site.begin(&held, "GET", "hints", "");
    let response_head = read_head(&mut client);
    assert!(
        response_head.starts_with("HTTP/1.1 200 "),
        "{response_head}"
    );
    assert_eq!(read_text(&mut client, 2), "ab");
}

#[test]
fn headers_of_one_hop_are_not_passed_on() {
    let (site, held) = site();
    let response = get(&site, &held, "GET", "hops");
    for name in ["X-Hop", "Keep-Alive", "Proxy-Authenticate", "Upgrade"] {
        assert!(response.header(name).is_none(), "{name}: {response:?}");
    }
    assert_eq!(response.header("X-A"), Some("b"));
}

#[test]
fn a_client_that_expects_100_gets_it_before_its_body() {
    let (site, held) = site();
    let lines = "Expect: 100-continue\r\nContent-Length: 5\r\n";
    let mut client = site.begin(&held, "POST", "echo", lines);
    assert!(read_head(&mut client).starts_with("HTTP/1.1 100 "));
    client.write_all(b"abcde").unwrap();
    let response_head = read_head(&mut client);
    assert!(
        response_head.starts_with("HTTP/1.1 200 "),
        "{response_head}"
    );
    assert_eq!(read_text(&mut client, 5), "abcde");
    assert!(site.only("/echo").header("Expect").is_none());
}

#[test]
fn requests_of_one_connection_are_answered_in_their_order() {
    let (site, held) = site();
    let memsource = dialect("memsource");
    let request = |method: &str, name: &str, body: &str| {
        Request::new(method, path(&memsource, name))
            .header("Authorization", format!("ApiToken {}", held.text))
            .header("Connection", "keep-alive")
            .body(body)
            .message("tms.example.com")
    };
    let mut message = Vec::new();
    for number in 0..10 {
        message.extend(request("GET", &format!("a-{number}"), ""));
        message.extend(request("POST", "echo", &format!("b-{number}")));
    }
    let whoami = format!(
        "GET /web/api/v3/auth/whoAmI?token={} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        held.text
    );
    message.extend(whoami.as_bytes());
    let mut client = raw_http::send(site.gateway.public(), &message);
    let responses = raw_http::parse_responses(&raw_http::until_closed(&mut client));
    let mut expected: Vec<_> = (0..10)
        .flat_map(|number| [format!("a-{number}"), format!("b-{number}")])
        .collect();
    let own = responses.last().unwrap().text();
    assert!(own.contains("linguist"), "{own}");
    expected.push(own);
    let texts: Vec<_> = responses.iter().map(Response::text).collect();
    assert_eq!(texts, expected);
    let arrived: Vec<_> = site.back_end.requests();
    assert_eq!(arrived.len(), 20);
    assert!(arrived[18].target().ends_with("a-9"));
    assert_eq!(arrived[19].body, b"b-9");
}

#[test]
fn a_refusal_before_the_end_of_an_upload_reaches_the_client() {
    let refusal = "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig";
    let site = Site::start(&Settings::default(), move |_| {
        vec![
            Step::ReadSome(10_000),
            Step::Send(refusal.into()),
            Step::ReadBody,
        ]
    });
    let held = site.linguist();
    let request = call(&held, "POST", "save").body(vec![b'a'; 8_000_000]);
    let response = site.send(&request);
    assert_eq!((response.status, response.text().as_str()), (413, "big"));
}
