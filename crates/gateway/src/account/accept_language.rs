//! The languages that a request prefers.

use actix_web::HttpMessage;
use actix_web::http::header::{AcceptLanguage, Header as _, Preference};

/// Returns the language tags of `Accept-Language`, the most preferred first. Empty if the request has none that can be read.
pub(super) fn languages(request: &impl HttpMessage) -> Vec<String> {
    let Ok(accepted) = AcceptLanguage::parse(request) else {
        return Vec::new();
    };
    let ranked = accepted.ranked().into_iter();
    let tags = ranked.filter_map(|language| match language {
        Preference::Specific(tag) => Some(tag.to_string()),
        Preference::Any => None,
    });
    tags.collect()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::ACCEPT_LANGUAGE;
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn languages_are_ranked_by_preference() {
        for (header, expected) in [
            ("de", &["de"][..]),
            ("fr;q=0.5, de-AT, en;q=0.8", &["de-AT", "en", "fr"]),
            ("*", &[]),
            ("<script>", &[]),
        ] {
            let request = TestRequest::default().insert_header((ACCEPT_LANGUAGE, header));
            assert_eq!(languages(&request.to_http_request()), expected, "{header}");
        }
        assert!(languages(&TestRequest::default().to_http_request()).is_empty());
    }
}
