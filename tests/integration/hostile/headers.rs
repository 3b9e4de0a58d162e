//! Heads that no client of the dialects sends: unusual URLs and headers.

use isogloss_testkit::roundtrip;

use crate::hostile::routes::{ROUTES, message};
use crate::hostile::{assert_unharmed, gateway};

/// Returns the statuses for a request without anything useful: a member is missing, or the caller is unknown.
fn statuses(dialect: &str) -> &'static [u16] {
    match dialect {
        "crmcom" => &[200],
        _ => &[400, 401],
    }
}

#[test]
fn rubbish_in_the_query_is_refused() {
    let mut gateway = gateway();
    let public = gateway.public().to_string();
    let long = [
        "a=".to_owned() + &"b".repeat(60_000),
        "token=".to_owned() + &"%41".repeat(20_000),
        "a=b&".repeat(15_000),
        "fields=".to_owned() + &"x,".repeat(30_000),
        "&".repeat(60_000),
        "%".repeat(60_000),
    ];
    let mut queries: Vec<&[u8]> = vec![
        b"%",
        b"%z&%zz=%z%&%%%=%",
        b"userName=%ff&password=%fe&token=%ff",
        b"token=%00&userName=%00&password=%0d%0a",
        b"=&=&==&&&?",
        b"?????",
        b"token=30-0123456789abcdef0123456789abcdef&token=30-fedcba9876543210fedcba9876543210",
        b"token=99999999999999999999-0123456789abcdef0123456789abcdef",
        b"token=-1-0123456789abcdef0123456789abcdef",
        b"suppressResponseCodes=%ff&fields=%ff&fields[%ff]=%ff",
        b"url=%ff&url=//evil.example&token=%ff",
        b"a=+&+=a",
        b"[]{}|\\^`",
    ];
    queries.extend(long.iter().map(String::as_bytes));
    for route in ROUTES.iter() {
        for query in &queries {
            let response = roundtrip(&public, &route.message(query, b"", b""));
            let what = String::from_utf8_lossy(query);
            route.assert_refused_with(&format!("{what:.99}"), statuses(route.dialect), &response);
        }
    }
    assert_unharmed(&mut gateway);
}

#[test]
fn rubbish_in_headers_is_refused() {
    let mut gateway = gateway();
    let public = gateway.public().to_string();
    let long = format!("Authorization: BimPlus {}\r\n", "a".repeat(60_000));
    let many = "X-Same: y\r\n".repeat(60);
    let heads: [&[u8]; 16] = [
        b"Authorization: \xff\xfe\r\n",
        b"Authorization: BimPlus \xff\xfe\r\n",
        b"Authorization: BimPlus\r\n",
        b"Authorization: BimPlus 35eb2b5e94b54d5aafa6b6a7b6e8de0g\r\n",
        b"Authorization: ApiToken \xff\r\n",
        b"Authorization: ApiToken 30-\r\n",
        b"Authorization: Basic YWRtaW46YWRtaW4tZGVtbw==\r\n",
        b"Accept: \xff, ;;q=, */*;q=9\r\n",
        b"Cookie: \xff=\xff; isogloss_session=30-x\r\n",
        b"X-Forwarded-For: \xff\r\nForwarded: host=\"\xff\r\nX-Forwarded-Host: \xff\r\n",
        b"X-Request-Id: \xff\r\n",
        b"traceparent: \xff\r\n",
        b"Expect: \xff\r\n",
        b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: \xff\r\n",
        long.as_bytes(),
        many.as_bytes(),
    ];
    for route in ROUTES.iter() {
        for head in heads {
            let response = roundtrip(&public, &route.message(b"", head, b""));
            let what = String::from_utf8_lossy(head);
            route.assert_refused_with(&format!("{what:.99}"), &[route.bare], &response);
        }
    }
    assert_unharmed(&mut gateway);
}

#[test]
fn odd_hosts_and_old_versions_are_refused_like_any() {
    let mut gateway = gateway();
    let public = gateway.public().to_string();
    for route in ROUTES.iter() {
        let target = String::from_utf8(route.target(b"")).unwrap();
        let method = route.method;
        for lines in [
            "HTTP/1.1\r\nHost: \r\nConnection: close",
            "HTTP/1.1\r\nHost: a b\"<script>\r\nConnection: close",
            "HTTP/1.0\r\nContent-Length: 0",
            "HTTP/1.0\r\nHost: x\r\nContent-Length: 0",
        ] {
            let message = format!("{method} {target} {lines}\r\n\r\n");
            let response = roundtrip(&public, message.as_bytes());
            route.assert_refused_with(lines, &[route.bare], &response);
        }
        let absolute = format!("http://elsewhere.example{target}");
        let response = roundtrip(&public, &message(method, absolute.as_bytes(), b"", b""));
        route.assert_refused_with(&absolute, &[route.bare], &response);
    }
    assert_unharmed(&mut gateway);
}

/// Returns heads that are not HTTP, which the server refuses before any dialect sees them.
fn no_http(target: &str) -> Vec<Vec<u8>> {
    let line = format!("POST {target}");
    let get = |target: &[u8], head: &[u8]| {
        message("GET", &[b"/v2/authorize", target].concat(), head, b"")
    };
    let with =
        |head: &str| format!("{line} HTTP/1.1\r\nConnection: close\r\n{head}\r\n{{}}").into_bytes();
    let length = "Host: x\r\nContent-Length: 2\r\n";
    vec![
        get(b"/\xff", b""),
        get(b"?a=\xff", b""),
        get(b"?a=\xc3\xa4", b""),
        get(b"?<a>", b""),
        get(b"", b"X: a\0b\r\n"),
        get(b"", b"\xff: a\r\n"),
        get(b"", b"no colon\r\n"),
        get(&[b"?".as_slice(), &[b'a'; 70_000]].concat(), b""),
        get(b"", &b"X: a\r\n".repeat(200)),
        with("Content-Length: 2\r\n"),
        with(&format!("{length}Host: y\r\n")),
        with(&format!("{length}Content-Length: 3\r\n")),
        with(&format!("{length}Transfer-Encoding: chunked\r\n")),
        with("Host: x\r\nContent-Length: -2\r\n"),
        with("Host: x\r\nContent-Length: 99999999999999999999\r\n"),
        with("Host: x\r\nTransfer-Encoding: gzip\r\n"),
        format!("{line}\r\n\r\n").into_bytes(),
        format!("{line} HTTP/9.9\r\nHost: x\r\n\r\n").into_bytes(),
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n".to_vec(),
        b"\0\0\0\0\r\n\r\n".to_vec(),
    ]
}

#[test]
fn what_is_no_http_is_refused_without_words() {
    let mut gateway = gateway();
    let public = gateway.public().to_string();
    for route in ROUTES.iter() {
        for message in no_http(route.path) {
            let response = roundtrip(&public, &message).unwrap();
            let what = String::from_utf8_lossy(&message);
            assert!(
                matches!(response.status, 400 | 431),
                "{what:.99}: {response:?}"
            );
            assert_eq!(response.text(), "", "{what:.99}");
        }
    }
    assert_unharmed(&mut gateway);
}

#[test]
fn what_is_no_http_is_no_error_of_ours() {
    let mut gateway = gateway();
    let public = gateway.public().to_string();
    for message in no_http("/v2/authorize") {
        drop(roundtrip(&public, &message).unwrap());
    }
    assert!(gateway.terminate().unwrap().success());
    // House style: at `error`, someone must act. Any client can send garbage, and no operator can act on it.
    for line in gateway.log() {
        assert!(!line.contains("\"ERROR\""), "{line}");
    }
}
