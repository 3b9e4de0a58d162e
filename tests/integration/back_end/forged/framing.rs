//! Messages that two readers may cut into requests in two ways: each has another request in its body, or behind it.

use isogloss_testkit::dialects::{Dialect, dialect};

use super::attempt::Attempt;
use crate::back_end::path;

/// Heads of a message that is no HTTP.
const AMBIGUOUS: [&str; 28] = [
    "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: 5",
    "Content-Length: 0\r\nTransfer-Encoding: chunked",
    "Content-Length: 5\r\nContent-Length: 5",
    "Content-Length: 5\r\nContent-Length: 50",
    "Content-Length: 5, 5",
    "Content-Length: 5 5",
    "Content-Length: +5",
    "Content-Length: -5",
    "Content-Length: 0x5",
    "Content-Length: 5_0",
    "Content-Length: ",
    "Content-Length: 18446744073709551621",
    "Content-Length : 5",
    "Content-Length:\r\n 5",
    "Transfer-Encoding: xchunked",
    "Transfer-Encoding: identity",
    "Transfer-Encoding: chunked, identity",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: \"chunked\"",
    "Transfer-Encoding: \u{b}chunked",
    "Transfer-Encoding : chunked",
    "Transfer-Encoding\t: chunked",
    "Transfer-Encoding:\r\n chunked",
    "X: y\r\n Transfer-Encoding: chunked",
    "X: y\rTransfer-Encoding: chunked",
];

/// Heads of a message with a body of five bytes. The rest is another request.
const FIVE_BYTES: [&str; 9] = [
    "Content-Length: 5",
    "content-LENGTH:\t005 ",
    "Content_Length: 50\r\nContent-Length: 5",
    "Transfer_Encoding: chunked\r\nContent-Length: 5",
    "X-Transfer-Encoding: chunked\r\nContent-Length: 5",
    "Connection: content-length\r\nContent-Length: 5",
    "Connection: Content-Length, Host, X-Case, Authorization, keep-alive\r\nContent-Length: 5",
    "TE: trailers, chunked\r\nConnection: TE\r\nContent-Length: 5",
    "Trailer: X-Isogloss-User\r\nContent-Length: 5",
];

/// Chunked bodies, each of five bytes.
const CHUNKS: [&str; 8] = [
    "5\r\nabcde\r\n0\r\n\r\n",
    "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n",
    "05\r\nabcde\r\n00\r\n\r\n",
    "5;name=\"value\"\r\nabcde\r\n0;end\r\n\r\n",
    "5 \r\nabcde\r\n0\r\n\r\n",
    "5\r\nabcde\r\n0\r\nX-Isogloss-User: forged\r\nX_Isogloss_Role: forged\r\n\r\n",
    "5\r\nabcde\r\n0\r\nContent-Length: 50\r\nTransfer-Encoding: identity\r\n\r\n",
    "5\r\nabcde\r\n0\r\nAuthorization: ApiToken {other}\r\nHost: forged\r\n\r\n",
];

/// Bodies that are no chunks.
const MALFORMED: [&str; 10] = [
    "0x5\r\nabcde\r\n0\r\n\r\n",
    "+5\r\nabcde\r\n0\r\n\r\n",
    "-5\r\nabcde\r\n0\r\n\r\n",
    " 5\r\nabcde\r\n0\r\n\r\n",
    "5\nabcde\n0\n\n",
    "5;a\nbcde\r\n0\r\n\r\n",
    "10000000000000005\r\nabcde\r\n0\r\n\r\n",
    "5\r\nabcdeXX0\r\n\r\n",
    "5\r\nabcde\n0\r\n\r\n",
    "g\r\nabcde\r\n0\r\n\r\n",
];

/// A request that arrives nowhere, because it has no token.
fn hidden(dialect: &Dialect) -> String {
    let target = path(dialect, "hidden");
    format!(
        "GET {target} HTTP/1.1\r\nHost: x\r\nX-Case: {{case}}\r\nX-Isogloss-User: forged\r\n\
         Connection: close\r\n\r\n"
    )
}

pub(super) fn all() -> Vec<Attempt> {
    let memsource = dialect("memsource");
    let hidden = hidden(&memsource);
    let post = |name: &str| Attempt::new(name, memsource).to("POST", path(&memsource, "save"));
    let lasting = |name: &str| post(name).line("Connection: keep-alive");
    let mut all = Vec::new();
    for head in AMBIGUOUS {
        let attempt = lasting(head).line(head).tail(format!("0\r\n\r\n{hidden}"));
        all.push(attempt.refused());
    }
    for head in FIVE_BYTES {
        let attempt = lasting(head).line(head).tail(format!("abcde{hidden}"));
        all.push(attempt.body("abcde"));
    }
    for chunks in CHUNKS {
        let attempt = lasting(chunks).line("tRANSFER-eNCODING: Chunked");
        all.push(attempt.tail(format!("{chunks}{hidden}")).body("abcde"));
    }
    for chunks in MALFORMED {
        let attempt = lasting(chunks).line("Transfer-Encoding: chunked");
        all.push(attempt.tail(format!("{chunks}{hidden}")).refused());
    }
    let length = hidden.replace("{case}", "100").len();
    let get = Attempt::new("a request in the body of a GET", memsource)
        .line(format!("Content-Length: {length}"))
        .tail(hidden.replace("{case}", "100"))
        .body(hidden.replace("{case}", "100"));
    all.push(get);
    all.push(
        post("chunks in HTTP/1.0")
            .request_line(format!("POST {} HTTP/1.0", path(&memsource, "save")))
            .line("Transfer-Encoding: chunked")
            .tail(format!("0\r\n\r\n{hidden}"))
            .refused(),
    );
    all.push(
        Attempt::new("a request behind the last of a connection", memsource)
            .tail(hidden.replace("Host: x", "Host: x\r\nAuthorization: ApiToken {token}")),
    );
    all.push(
        Attempt::new("a body behind a GET without a length", memsource)
            .line("Connection: keep-alive")
            .tail(hidden),
    );
    all.push(
        Attempt::bare("a refused call with another in its body", memsource)
            .to("POST", path(&memsource, "save"))
            .line(format!(
                "Connection: keep-alive\r\nContent-Length: {length}"
            ))
            .tail(path(&memsource, "x").repeat(20)),
    );
    all.extend(incomplete(memsource));
    all
}

/// Calls that end before their body, or that are refused before it.
fn incomplete(memsource: Dialect) -> Vec<Attempt> {
    let post = |name: &str| Attempt::new(name, memsource).to("POST", path(&memsource, "save"));
    vec![
        post("a longer form than arrives")
            .line("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 500")
            .tail("a=b")
            .refused(),
        post("an expectation that no server meets")
            .line("Expect: a-miracle")
            .content("abcde"),
        post("Expect: 100-continue")
            .line("Expect: 100-continue")
            .content("abcde"),
        post("Expect twice")
            .line("Expect: 100-continue\r\nexpect: 100-Continue, 100-continue")
            .content("abcde"),
        Attempt::new("Expect without a body", memsource).line("Expect: 100-continue"),
        Attempt::bare("Expect without a token", memsource)
            .to("POST", path(&memsource, "save"))
            .line("Expect: 100-continue\r\nContent-Length: 5"),
    ]
}
