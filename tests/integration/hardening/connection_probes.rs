//! Messages that two readers may cut into requests in two ways.

mod heads;

/// What follows each: a request of its own, unless a reader takes it for part of the one before.
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";

const POST: &str = "POST /v2/authorize HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
const GET: &str = "GET /v2/authorize HTTP/1.1\r\nHost: x\r\n";

/// Refused as no HTTP; the connection ends.
const NO_HTTP: &[u16] = &[400];
/// Cut as RFC 9112 has it: the first lacks its members, the second leads nowhere.
const TWO: &[u16] = &[400, 404];

/// A message, and the statuses of all answers to it.
pub(crate) struct Probe {
    pub(crate) name: &'static str,
    pub(crate) message: Vec<u8>,
    pub(crate) answers: &'static [u16],
}

fn probe(name: &'static str, message: impl AsRef<[u8]>, answers: &'static [u16]) -> Probe {
    let message = [message.as_ref(), HIDDEN.as_bytes()].concat();
    Probe {
        name,
        message,
        answers,
    }
}

fn post(name: &'static str, rest: &str, answers: &'static [u16]) -> Probe {
    probe(name, format!("{POST}{rest}"), answers)
}

fn get(name: &'static str, rest: &str, answers: &'static [u16]) -> Probe {
    probe(name, format!("{GET}{rest}"), answers)
}

fn chunked(name: &'static str, body: &str, answers: &'static [u16]) -> Probe {
    post(
        name,
        &format!("Transfer-Encoding: chunked\r\n\r\n{body}"),
        answers,
    )
}

/// A length and what else a head may say.
fn length(name: &'static str, head: &str, answers: &'static [u16]) -> Probe {
    post(name, &format!("{head}\r\n\r\n{{}}"), answers)
}

/// A way to say that the body is in chunks, or not quite.
fn encoding(name: &'static str, head: &str, answers: &'static [u16]) -> Probe {
    post(name, &format!("{head}\r\n\r\n0\r\n\r\n"), answers)
}

pub(crate) fn all() -> Vec<Probe> {
    let mut all = lengths();
    all.extend(encodings());
    all.extend(chunks());
    all.extend(heads::heads());
    all.extend(heads::targets());
    all.extend(heads::ends());
    all
}

fn lengths() -> Vec<Probe> {
    vec![
        length("one length", "Content-Length: 2", TWO),
        length("zeroes in front", "Content-Length: 002", TWO),
        length("a space behind", "Content-Length: 2 ", TWO),
        length(
            "another header",
            "Content_Length: 40\r\nContent-Length: 2",
            TWO,
        ),
        post("a length of nothing", "Content-Length: 0\r\n\r\n", TWO),
        length(
            "equal lengths",
            "Content-Length: 2\r\nContent-Length: 2",
            NO_HTTP,
        ),
        length(
            "two lengths",
            "Content-Length: 2\r\nContent-Length: 40",
            NO_HTTP,
        ),
        length("a list", "Content-Length: 2, 2", NO_HTTP),
        length("two numbers", "Content-Length: 2 2", NO_HTTP),
        length("no number", "Content-Length: ", NO_HTTP),
        length("a plus", "Content-Length: +2", NO_HTTP),
        length("a minus", "Content-Length: -1", NO_HTTP),
        length("hexadecimal", "Content-Length: 0x2", NO_HTTP),
        length("2^64", "Content-Length: 18446744073709551616", NO_HTTP),
        length("2^64 - 1", "Content-Length: 18446744073709551615", &[413]),
        get(
            "a body that is not read",
            "Content-Length: 36\r\n\r\n",
            &[401],
        ),
        get("a body yet to come", "Content-Length: 100\r\n\r\n", &[401]),
    ]
}

fn encodings() -> Vec<Probe> {
    let both = "Content-Length: 5\r\nTransfer-Encoding: chunked";
    let http_1_0 = POST.replace("HTTP/1.1", "HTTP/1.0");
    let end = "\r\n\r\n0\r\n\r\n";
    vec![
        encoding("chunks", "Transfer-Encoding: chunked", TWO),
        encoding("case", "tRANSFER-eNCODING: cHUNKED", TWO),
        encoding(
            "a tab in front of the value",
            "Transfer-Encoding:\tchunked",
            TWO,
        ),
        encoding("length and chunks", both, NO_HTTP),
        encoding(
            "chunks and length",
            "Transfer-Encoding: chunked\r\nContent-Length: 5",
            NO_HTTP,
        ),
        encoding("xchunked", "Transfer-Encoding: xchunked", NO_HTTP),
        encoding(
            "chunked, identity",
            "Transfer-Encoding: chunked, identity",
            NO_HTTP,
        ),
        encoding("identity", "Transfer-Encoding: identity", NO_HTTP),
        length(
            "identity and length",
            "Transfer-Encoding: identity\r\nContent-Length: 2",
            NO_HTTP,
        ),
        encoding(
            "chunked and identity",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            NO_HTTP,
        ),
        encoding("in quotes", "Transfer-Encoding: \"chunked\"", NO_HTTP),
        encoding("a vertical tab", "Transfer-Encoding: \u{b}chunked", NO_HTTP),
        encoding(
            "a space in front of the colon",
            "Transfer-Encoding : chunked",
            NO_HTTP,
        ),
        encoding(
            "a tab in front of the colon",
            "Transfer-Encoding\t: chunked",
            NO_HTTP,
        ),
        encoding("a folded line", "Transfer-Encoding:\r\n chunked", NO_HTTP),
        length(
            "a folded line in front",
            "X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 2",
            NO_HTTP,
        ),
        probe(
            "chunks in HTTP/1.0",
            format!("{http_1_0}Transfer-Encoding: chunked{end}"),
            NO_HTTP,
        ),
        probe(
            "length and chunks in HTTP/1.0",
            format!("{http_1_0}{both}{end}"),
            NO_HTTP,
        ),
    ]
}

fn chunks() -> Vec<Probe> {
    vec![
        chunked("an extension", "2;a=b\r\n{}\r\n0\r\n\r\n", TWO),
        chunked("a space behind the size", "2 \r\n{}\r\n0\r\n\r\n", TWO),
        chunked(
            "trailers",
            "2\r\n{}\r\n0\r\nX: y\r\nContent-Length: 50\r\n\r\n",
            TWO,
        ),
        chunked(
            "a size over 64 bits",
            "10000000000000002\r\n{}\r\n0\r\n\r\n",
            NO_HTTP,
        ),
        chunked("a negative size", "-2\r\n{}\r\n0\r\n\r\n", NO_HTTP),
        chunked("a size with 0x", "0x2\r\n{}\r\n0\r\n\r\n", NO_HTTP),
        chunked(
            "a space in front of the size",
            " 2\r\n{}\r\n0\r\n\r\n",
            NO_HTTP,
        ),
        chunked(
            "a line feed in an extension",
            "2;a\n{}\r\n0\r\n\r\n",
            NO_HTTP,
        ),
        chunked("line feeds alone", "2\n{}\n0\n\n", NO_HTTP),
        chunked("no end of a chunk", "2\r\n{}XX0\r\n\r\n", NO_HTTP),
    ]
}
