//! Probes whose heads, targets or ends are unusual.

use super::{NO_HTTP, POST, Probe, TWO, get, length, probe};

pub(super) fn heads() -> Vec<Probe> {
    let feeds = POST.replace("\r\n", "\n");
    vec![
        // RFC 9112, 2.2 allows it.
        probe(
            "line feeds alone in a head",
            format!("{feeds}Content-Length: 2\n\n{{}}"),
            TWO,
        ),
        length("a line feed alone", "X: y\nContent-Length: 2", TWO),
        length(
            "a carriage return alone",
            "X: y\rContent-Length: 2",
            NO_HTTP,
        ),
        length("NUL in a value", "X: a\0b\r\nContent-Length: 2", NO_HTTP),
        length("NUL in a name", "X\0: a\r\nContent-Length: 2", NO_HTTP),
        length(
            "a control in a value",
            "X: a\u{1}b\r\nContent-Length: 2",
            NO_HTTP,
        ),
        length(
            "a control in a name",
            "X\u{1}: a\r\nContent-Length: 2",
            NO_HTTP,
        ),
        length(
            "delete in a value",
            "X: a\u{7f}b\r\nContent-Length: 2",
            NO_HTTP,
        ),
        probe("no host", "GET /v2/authorize HTTP/1.1\r\n\r\n", NO_HTTP),
        get("two hosts", "Host: y\r\n\r\n", NO_HTTP),
        probe(
            "a space in front",
            "GET /v2/authorize HTTP/1.1\r\n Host: x\r\n\r\n",
            NO_HTTP,
        ),
        probe(
            "two spaces",
            "GET  /v2/authorize HTTP/1.1\r\nHost: x\r\n\r\n",
            NO_HTTP,
        ),
        probe(
            "a tab",
            "GET\t/v2/authorize\tHTTP/1.1\r\nHost: x\r\n\r\n",
            NO_HTTP,
        ),
        probe(
            "HTTP/1.2",
            "GET /v2/authorize HTTP/1.2\r\nHost: x\r\n\r\n",
            NO_HTTP,
        ),
        probe("HTTP/0.9", "GET /v2/authorize\r\n", NO_HTTP),
        probe("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", NO_HTTP),
    ]
}

pub(super) fn targets() -> Vec<Probe> {
    vec![
        probe(
            "a whole address",
            "GET http://x/v2/authorize HTTP/1.1\r\nHost: y\r\n\r\n",
            &[401, 404],
        ),
        probe(
            "a host alone",
            "GET x:80 HTTP/1.1\r\nHost: y\r\n\r\n",
            &[404, 404],
        ),
        probe(
            "an asterisk",
            "OPTIONS * HTTP/1.1\r\nHost: y\r\n\r\n",
            &[404, 404],
        ),
        probe(
            "a tunnel",
            "CONNECT x:80 HTTP/1.1\r\nHost: y\r\n\r\n",
            &[404],
        ),
    ]
}

pub(super) fn ends() -> Vec<Probe> {
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    vec![
        get(
            "nothing behind the last",
            "Connection: close\r\n\r\n",
            &[401],
        ),
        length(
            "nothing behind a last body",
            "Connection: close\r\nContent-Length: 2",
            NO_HTTP,
        ),
        probe(
            "nothing behind HTTP/1.0",
            "GET /v2/authorize HTTP/1.0\r\n\r\n",
            &[401],
        ),
        length(
            "a header that names a header",
            "Connection: Content-Length\r\nContent-Length: 2",
            TWO,
        ),
        get(
            "an upgrade to HTTP/2",
            "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
            &[401, 404],
        ),
        get("an upgrade", &format!("{upgrade}\r\n"), &[401]),
        // actix-http takes all that follows for the body, which has no end.
        length(
            "an upgrade with a body",
            &format!("{upgrade}Content-Length: 2"),
            &[408],
        ),
    ]
}
