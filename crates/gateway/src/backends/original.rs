//! The call that a proxy asks about.

use std::fmt::Write as _;

use actix_web::dev::RequestHead;
use actix_web::http::header::HeaderName;
use actix_web::http::{Method, Uri};

/// What Traefik and Caddy send by themselves, and nginx if it is told.
const FORWARDED_URI: HeaderName = HeaderName::from_static("x-forwarded-uri");
const FORWARDED_METHOD: HeaderName = HeaderName::from_static("x-forwarded-method");

/// Where a proxy says what the call was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// In headers.
    InHeaders,
    /// In method and path of its own request, behind so many bytes.
    InPath(usize),
}

/// Makes of the proxy's request the call that it asks about.
pub(super) fn restore(head: &mut RequestHead, told: Told) {
    match told {
        Told::InHeaders => {
            let original = head.headers.get(FORWARDED_URI);
            let original = original.and_then(|value| uri(value.as_bytes()));
            head.uri = original.unwrap_or_default();
            let method = head.headers.get(FORWARDED_METHOD);
            let method = method.and_then(|value| Method::from_bytes(value.as_bytes()).ok());
            head.method = method.unwrap_or(Method::GET);
        }
        Told::InPath(prefix) => {
            let path = head.uri.path_and_query().map_or("", |path| path.as_str());
            let path = path.get(prefix..).unwrap_or_default();
            head.uri =
                uri(format!("/{}", path.trim_start_matches('/')).as_bytes()).unwrap_or_default();
        }
    }
}

/// Path and query as they were sent. Old clients send bytes in them that have no place there.
pub(super) fn uri(text: &[u8]) -> Option<Uri> {
    let mut clean = String::with_capacity(text.len());
    for byte in text {
        match byte {
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | b'#' => {}
            0x21..=0x7e => {
                clean.push(char::from(*byte));
                continue;
            }
            _ => {}
        }
        // Writing to a string does not fail.
        let _ = write!(clean, "%{byte:02X}");
    }
    clean.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_have_no_place_in_an_address_are_escaped() {
        for (sent, read) in [
            ("/a?b=c", "/a?b=c"),
            ("/a b?c=\u{e9}", "/a%20b?c=%C3%A9"),
            ("/a?b={1|2}\\^`", "/a?b=%7B1%7C2%7D%5C%5E%60"),
            ("http://host/a?b=%41", "http://host/a?b=%41"),
            ("/", "/"),
        ] {
            let uri = uri(sent.as_bytes()).unwrap();
            assert_eq!(uri.to_string(), read, "{sent}");
        }
        assert!(uri(b"").is_none());
    }

    #[test]
    fn a_call_in_the_path_has_no_prefix_left() {
        let mut head = RequestHead::default();
        head.uri = "/forward-auth/envoy/x/app/y?z=1".parse().unwrap();
        restore(&mut head, Told::InPath("/forward-auth/envoy/x".len()));
        assert_eq!(head.uri.to_string(), "/app/y?z=1");
    }
}
