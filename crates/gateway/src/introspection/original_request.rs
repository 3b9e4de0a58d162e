//! The original request, restored from the request that a proxy sends.

use std::fmt::Write as _;

use actix_web::dev::RequestHead;
use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, Uri};

/// Headers in which proxies send the URI of the original request. Traefik and Caddy send `X-Forwarded-Uri`, and
/// nginx does if configured. nginx's documentation of `auth_request` sets `X-Original-URI`. ingress-nginx sends
/// `X-Original-URL`, with scheme and host.
const URIS: [&str; 3] = ["x-forwarded-uri", "x-original-uri", "x-original-url"];

/// Headers in which proxies send its method.
const METHODS: [&str; 2] = ["x-forwarded-method", "x-original-method"];

/// Part of a proxy's request that describes the original request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OriginalRequestSource {
    /// In headers.
    Headers,
    /// In method and path of the proxy's own request, after a prefix of this many bytes.
    Path(usize),
}

/// Replaces URI and method of the proxy's request with those of the original request.
pub(super) fn restore(head: &mut RequestHead, source: OriginalRequestSource) {
    match source {
        OriginalRequestSource::Headers => {
            head.uri = uri_from_headers(&head.headers).unwrap_or_default();
            let method = METHODS.iter().find_map(|name| head.headers.get(*name));
            let method = method.and_then(|value| Method::from_bytes(value.as_bytes()).ok());
            head.method = method.unwrap_or(Method::GET);
        }
        OriginalRequestSource::Path(prefix) => {
            let path = head.uri.path_and_query().map_or("", |path| path.as_str());
            let path = path.get(prefix..).unwrap_or_default();
            head.uri = parse_uri(format!("/{}", path.trim_start_matches('/')).as_bytes())
                .unwrap_or_default();
        }
    }
}

/// Returns path and query of the original request from the headers, or `None` if there is no such header or the
/// first one is invalid. A proxy sets one of them, and a client may add the others: if they differ, the query
/// is dropped, and with it any token in it.
fn uri_from_headers(headers: &HeaderMap) -> Option<Uri> {
    let values = URIS.iter().flat_map(|name| headers.get_all(*name));
    let mut uris = values.map(|value| {
        let parts = parse_uri(value.as_bytes())?.into_parts();
        parts.path_and_query
    });
    let first = uris.next()??;
    if uris.all(|other| other.as_ref() == Some(&first)) {
        return Some(first.into());
    }
    first.path().parse().ok()
}

/// Parses path and query as a client sent them. Escapes bytes that are invalid in a URI, because old clients
/// send them. Returns `None` if the text is no URI even then.
pub(super) fn parse_uri(text: &[u8]) -> Option<Uri> {
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
        // Writing to a `String` cannot fail.
        let _ = write!(clean, "%{byte:02X}");
    }
    clean.parse().ok()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

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
            let uri = parse_uri(sent.as_bytes()).unwrap();
            assert_eq!(uri.to_string(), read, "{sent}");
        }
        assert!(parse_uri(b"").is_none());
    }

    #[test]
    fn each_proxys_header_tells_the_call_and_two_that_differ_tell_no_query() {
        let differing = [
            ("x-forwarded-uri", "/app?token=a"),
            ("x-original-url", "https://tms.example.com/app?token=b"),
        ];
        let twice = [("x-original-uri", "/a?b"), ("x-original-uri", "/a?c")];
        let agreeing = [
            ("x-original-uri", "/app?token=a"),
            ("x-original-url", "http://other.example.com:81/app?token=a"),
        ];
        for (source, read) in [
            (&[("x-forwarded-uri", "/app?token=a")][..], "/app?token=a"),
            (&[("x-original-uri", "/app?token=a")], "/app?token=a"),
            (
                &[("x-original-url", "https://h/app?t=a%20b")],
                "/app?t=a%20b",
            ),
            (&agreeing, "/app?token=a"),
            (&differing, "/app"),
            (&twice, "/a"),
            (&[], "/"),
        ] {
            let mut head = RequestHead::default();
            for (name, value) in source {
                let value = HeaderValue::from_static(value);
                head.headers.append(HeaderName::from_static(name), value);
            }
            head.uri = "/forward-auth/x?token=of-the-question".parse().unwrap();
            restore(&mut head, OriginalRequestSource::Headers);
            assert_eq!(head.uri.to_string(), read, "{source:?}");
        }
        let mut head = RequestHead::default();
        let delete = HeaderValue::from_static("DELETE");
        head.headers
            .append(HeaderName::from_static(METHODS[1]), delete);
        restore(&mut head, OriginalRequestSource::Headers);
        assert_eq!(head.method, Method::DELETE);
    }

    #[test]
    fn a_call_in_the_path_has_no_prefix_left() {
        let mut head = RequestHead::default();
        head.uri = "/forward-auth/envoy/x/app/y?z=1".parse().unwrap();
        restore(
            &mut head,
            OriginalRequestSource::Path("/forward-auth/envoy/x".len()),
        );
        assert_eq!(head.uri.to_string(), "/app/y?z=1");
    }
}
