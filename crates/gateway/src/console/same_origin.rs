//! Whether a request that changes something comes from a page of the console.

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, HeaderName, ORIGIN};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Returns whether a browser says that the request comes from a page of the same origin, or from no page at all. Browsers
/// that do not send `Sec-Fetch-Site`, as for plain HTTP, send `Origin`. A request without both comes from another program,
/// which has no cookie that a page could use.
pub(super) fn is_same_origin(request: &HttpRequest) -> bool {
    let header = |name| {
        let value = request.headers().get(name)?;
        Some(value.to_str().unwrap_or("(not text)"))
    };
    if let Some(site) = header(SEC_FETCH_SITE) {
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = header(ORIGIN) else {
        return true;
    };
    let host = header(HOST).unwrap_or_default();
    origin
        .split_once("://")
        .is_some_and(|(_, authority)| !host.is_empty() && authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn accepts(headers: &[(&str, &str)]) -> bool {
        let mut request = TestRequest::post().insert_header(("Host", "gateway:8081"));
        for &header in headers {
            request = request.insert_header(header);
        }
        is_same_origin(&request.to_http_request())
    }

    #[test]
    fn only_pages_of_the_same_origin_are_accepted() {
        assert!(accepts(&[
            ("Sec-Fetch-Site", "same-origin"),
            ("Origin", "null")
        ]));
        assert!(accepts(&[("Sec-Fetch-Site", "none")]));
        assert!(accepts(&[("Origin", "http://gateway:8081")]));
        assert!(accepts(&[("Origin", "https://GATEWAY:8081")]));
        assert!(accepts(&[]), "no browser");
        for site in ["cross-site", "same-site", "", "Same-Origin "] {
            let origin = ("Origin", "http://gateway:8081");
            assert!(!accepts(&[("Sec-Fetch-Site", site), origin]), "{site}");
        }
        for origin in [
            "null",
            "",
            "http://gateway",
            "http://evil:8081",
            "gateway:8081",
        ] {
            assert!(!accepts(&[("Origin", origin)]), "{origin}");
        }
    }
}
