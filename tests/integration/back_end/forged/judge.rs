//! Whether a request at the back end is exactly what it may be.

use isogloss_testkit::RecordedRequest;

use super::attempt::{Attempt, FORGED, Identity, Tokens};
use crate::back_end::IDENTITY_HEADERS;

/// Headers of one hop, which no request at the back end has.
const ONE_HOP: [&str; 9] = [
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "TE",
    "Trailer",
    "Upgrade",
    "HTTP2-Settings",
];

/// Headers that the gateway sets, with what is in their values.
const GATEWAY: [(&str, &str); 5] = [
    ("X-Forwarded-For", "127.0.0.1"),
    ("X-Real-IP", "127.0.0.1"),
    ("X-Forwarded-Proto", "http"),
    ("Forwarded", "for=127.0.0.1"),
    ("X-Request-Id", "-"),
];

/// Checks one request that has arrived from an attempt. `genuine` is a request of the same user that pretends nothing.
pub(super) fn check(
    attempt: &Attempt,
    tokens: &Tokens,
    identity: Identity,
    genuine: &RecordedRequest,
    arrived: &RecordedRequest,
) -> Result<(), String> {
    check_identity(identity, genuine, arrived)?;
    check_heads(arrived)?;
    let same = |what: &str, expected: &str, came: &str| {
        let problem = || format!("{what}: expected {expected:?}, came {came:?}");
        (expected == came).then_some(()).ok_or_else(problem)
    };
    same(
        "target",
        &attempt.filled(&attempt.target, tokens),
        &arrived.target(),
    )?;
    let version = arrived.line().split(' ').nth(2).map(str::to_owned);
    same("version", "HTTP/1.1", &version.unwrap_or_default())?;
    let body = String::from_utf8_lossy(&arrived.body);
    same("body", &attempt.filled(&attempt.body, tokens), &body)?;
    same("trailers", "", &String::from_utf8_lossy(&arrived.trailers))?;
    arrived
        .is_complete
        .then_some(())
        .ok_or_else(|| "it is not complete".to_owned())
}

fn check_identity(
    identity: Identity,
    genuine: &RecordedRequest,
    arrived: &RecordedRequest,
) -> Result<(), String> {
    for name in IDENTITY_HEADERS {
        let expected = match identity {
            Identity::Linguist => genuine.all(name),
            Identity::Nobody => vec![String::new()],
        };
        let came = arrived.all(name);
        if came != expected {
            return Err(format!("{name}: expected {expected:?}, came {came:?}"));
        }
    }
    // Every other spelling of such a name, as servers that know no punctuation in names read it.
    let plain = |name: &str| name.replace(|character: char| !character.is_alphanumeric(), "-");
    let claims = arrived.headers().into_iter().filter(|(name, _)| {
        plain(name).to_lowercase().starts_with("x-isogloss-")
            && !IDENTITY_HEADERS
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name))
    });
    let claims: Vec<_> = claims.collect();
    claims
        .is_empty()
        .then_some(())
        .ok_or_else(|| format!("claims: {claims:?}"))
}

fn check_heads(arrived: &RecordedRequest) -> Result<(), String> {
    for (name, value) in arrived.headers() {
        if value.contains(FORGED) {
            return Err(format!("{name}: {value}"));
        }
        if ONE_HOP
            .iter()
            .any(|known| known.eq_ignore_ascii_case(&name))
        {
            return Err(format!("{name} is for one hop"));
        }
    }
    let count = |name: &str| arrived.all(name).len();
    let framings = [count("Content-Length"), count("Transfer-Encoding")];
    if framings.iter().sum::<usize>() > 1 {
        return Err(format!("more than one length: {}", arrived.text()));
    }
    if count("Host") != 1 || count("Expect") != 0 {
        return Err(format!("Host or Expect: {}", arrived.text()));
    }
    for (name, part) in GATEWAY {
        let values = arrived.all(name);
        if values.len() != 1 || !values[0].contains(part) {
            return Err(format!("{name}: {values:?}"));
        }
    }
    Ok(())
}
