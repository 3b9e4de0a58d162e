//! Names of headers that an operator may choose for applications.

/// Names with another meaning, for HTTP, for browsers, for proxies or for this gateway.
const RESERVED: [&str; 70] = [
    "age",
    "allow",
    "alt-svc",
    "cache-control",
    "clear-site-data",
    "connection",
    "cookie",
    "date",
    "early-data",
    "etag",
    "expect",
    "expires",
    "forwarded",
    "from",
    "front-end-https",
    "host",
    "http2-settings",
    "keep-alive",
    "last-modified",
    "link",
    "location",
    "max-forwards",
    "origin",
    "pragma",
    "prefer",
    "priority",
    "range",
    "referer",
    "refresh",
    "retry-after",
    "server",
    "set-cookie",
    "status",
    "strict-transport-security",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "vary",
    "via",
    "warning",
    "www-authenticate",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-forwarded",
    "x-forwarded-by",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-method",
    "x-forwarded-path",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-forwarded-scheme",
    "x-forwarded-server",
    "x-forwarded-ssl",
    "x-forwarded-uri",
    "x-http-method",
    "x-http-method-override",
    "x-lighttpd-send-file",
    "x-method-override",
    "x-real-ip",
    "x-request-id",
    "x-rewrite-url",
    "x-sendfile",
    "x-sendfile2",
    "x-url-scheme",
];

/// Beginnings of such names.
const RESERVED_PREFIXES: [&str; 14] = [
    "accept",
    "access-control-",
    "content-",
    "cross-origin-",
    "if-",
    "proxy-",
    "sec-",
    "x-accel-",
    "x-content-",
    "x-envoy-",
    "x-forwarded-client-",
    "x-forwarded-tls-",
    "x-isogloss-",
    "x-original-",
];

/// Checks a name in lower case. Fails with what was expected if it is no name of letters, digits and dashes, so that its
/// other spellings are known, or if it has another meaning.
pub(super) fn check_name(name: &str) -> Result<(), &'static str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic());
    if !(starts_well && name.bytes().all(is_plain)) {
        return Err("expected a name of letters, digits and dashes, like Remote-User");
    }
    let is_reserved = RESERVED.contains(&name)
        || RESERVED_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix));
    if is_reserved {
        return Err("this header has another meaning, expected one like Remote-User");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_with_another_meaning_is_refused() {
        for name in RESERVED {
            assert!(check_name(name).is_err(), "{name}");
        }
        for name in [
            "content-length",
            "x-isogloss-user",
            "x-accel-redirect",
            "proxy-authorization",
            "x-original-url",
            "if-match",
            "accept",
            "accept-encoding",
            "-remote-user",
            "remote.user",
            "re\u{301}mote-user",
        ] {
            assert!(check_name(name).is_err(), "{name}");
        }
        for name in [
            "remote-user",
            "x-forwarded-user",
            "authorization",
            "a",
            "x1-user",
        ] {
            assert!(check_name(name).is_ok(), "{name}");
        }
    }
}
