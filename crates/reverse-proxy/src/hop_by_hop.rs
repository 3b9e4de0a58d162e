//! Headers that concern one connection only (RFC 9110, section 7.6.1).

use actix_web::http::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, HeaderMap, HeaderName, PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};

/// Removes from a client's request the headers that concern its connection: those of RFC 9110, those that `Connection` names, and
/// what the proxy decides itself, which is the length of the body and `Expect`.
pub fn remove_from_request(headers: &mut HeaderMap) {
    remove_hop_by_hop(headers);
    for name in [CONTENT_LENGTH, EXPECT] {
        headers.remove(name);
    }
}

/// Removes from a back end's response the headers that concern its connection: those of RFC 9110, and those that `Connection` names.
/// [`ProxyWorker::send`](crate::ProxyWorker::send) does it to all responses.
pub fn remove_from_response(headers: &mut HeaderMap) {
    remove_hop_by_hop(headers);
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    for name in connection_options(headers) {
        headers.remove(name);
    }
    for name in [
        CONNECTION,
        PROXY_AUTHENTICATE,
        PROXY_AUTHORIZATION,
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
    ] {
        headers.remove(name);
    }
    for name in [
        "keep-alive",
        "proxy-connection",
        "proxy-authentication-info",
        "http2-settings",
    ] {
        headers.remove(name);
    }
}

/// Returns the headers that `Connection` names. Options that are no names of headers are skipped.
fn connection_options(headers: &HeaderMap) -> Vec<HeaderName> {
    let values = headers.get_all(CONNECTION);
    values
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .filter_map(|option| HeaderName::from_bytes(option.trim_ascii()).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

    use super::{remove_from_request, remove_from_response};

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        lines
            .iter()
            .map(|(name, value)| {
                let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
                (name, HeaderValue::from_str(value).unwrap())
            })
            .collect()
    }

    fn names(headers: &HeaderMap) -> Vec<String> {
        let mut names: Vec<_> = headers.keys().map(ToString::to_string).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn hop_by_hop_headers_are_removed_in_both_directions() {
        let lines = [
            ("connection", "close"),
            ("keep-alive", "timeout=5"),
            ("proxy-authenticate", "Basic"),
            ("proxy-authentication-info", "a"),
            ("proxy-authorization", "Basic YQ=="),
            ("proxy-connection", "keep-alive"),
            ("te", "trailers"),
            ("trailer", "x-checksum"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("accept", "*/*"),
        ];
        for remove in [remove_from_request, remove_from_response] {
            let mut headers = headers(&lines);
            remove(&mut headers);
            assert_eq!(names(&headers), ["accept"]);
        }
    }

    #[test]
    fn headers_that_connection_names_are_removed_in_every_spelling() {
        let mut headers = headers(&[
            ("connection", "X-Isogloss-User ,, close"),
            ("connection", "x-second,\tX-THIRD"),
            ("x-isogloss-user", "1"),
            ("x-second", "2"),
            ("x-third", "3"),
            ("x-fourth", "4"),
        ]);
        remove_from_request(&mut headers);
        assert_eq!(names(&headers), ["x-fourth"]);
    }

    #[test]
    fn a_request_loses_its_length_and_expectation_and_a_response_keeps_its_length() {
        let lines = [("content-length", "5"), ("expect", "100-continue")];
        let mut request = headers(&lines);
        remove_from_request(&mut request);
        assert_eq!(names(&request), Vec::<String>::new());
        let mut response = headers(&lines);
        remove_from_response(&mut response);
        assert_eq!(names(&response), ["content-length", "expect"]);
    }
}
