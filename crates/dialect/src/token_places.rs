//! Where calls of a dialect carry their token.

use actix_web::dev::RequestHead;
use actix_web::http::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName};

use crate::token_texts::TokenTexts;

/// The places in which calls of a dialect carry a token.
///
/// A relayed call is searched in all of them, so that two different tokens in one call are noticed. A setting may
/// remove the token from them.
#[derive(Debug, Clone, Default)]
pub struct TokenPlaces {
    /// Schemes of the header `Authorization`, in any letter case.
    pub schemes: &'static [&'static str],
    /// Parameters of the query.
    pub query: &'static [&'static str],
    /// Cookies.
    pub cookies: Vec<String>,
    /// Parameters of a form, and top-level members of a JSON object.
    pub body: &'static [&'static str],
    /// Whether the names of parameters are compared without letter case.
    pub ignore_case: bool,
}

impl TokenPlaces {
    /// Returns true if a parameter of the query with this name is a token.
    pub fn is_query_parameter(&self, name: &str) -> bool {
        self.is_one_of(self.query, name)
    }

    /// Returns true if a parameter of a form, or a member of a JSON object, with this name is a token.
    pub fn is_body_parameter(&self, name: &str) -> bool {
        self.is_one_of(self.body, name)
    }

    /// Returns true if a cookie with this name is a token.
    pub fn is_cookie(&self, name: &str) -> bool {
        self.cookies.iter().any(|cookie| cookie == name)
    }

    /// Returns the token in a value of the header `Authorization`, or `None` if the scheme is another one.
    pub fn credentials<'a>(&self, value: &'a str) -> Option<&'a str> {
        let (scheme, token) = value.trim().split_once(' ')?;
        let known = |known: &&str| known.eq_ignore_ascii_case(scheme);
        self.schemes.iter().any(known).then(|| token.trim())
    }

    /// Returns every text in the head of a request that has the place of a token.
    pub(crate) fn texts_in_head(&self, head: &RequestHead) -> TokenTexts {
        let mut texts = TokenTexts::default();
        let query = head.uri.query().unwrap_or_default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if self.is_query_parameter(&name) {
                texts.add_token(value);
            }
        }
        for value in header_values(&head.headers, AUTHORIZATION) {
            if let Some(token) = self.credentials(value) {
                texts.add_token(token);
            }
        }
        let lines = header_values(&head.headers, COOKIE);
        let cookies = lines.flat_map(|line| line.split(';'));
        for (name, value) in cookies.filter_map(|cookie| cookie.trim().split_once('=')) {
            if self.is_cookie(name) {
                texts.add_ambiguous(value);
            }
        }
        texts
    }

    fn is_one_of(&self, known: &[&str], name: &str) -> bool {
        let is_same = |known: &&str| {
            if self.ignore_case {
                known.to_lowercase() == name.trim().to_lowercase()
            } else {
                *known == name
            }
        };
        known.iter().any(is_same)
    }
}

/// Returns the values of a header that are text.
fn header_values(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name);
    values.filter_map(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn places() -> TokenPlaces {
        TokenPlaces {
            schemes: &["ApiToken", "Bearer"],
            query: &["token"],
            cookies: vec!["session".to_owned()],
            body: &["token"],
            ignore_case: false,
        }
    }

    #[test]
    fn every_place_in_the_head_is_searched() {
        let request = TestRequest::with_uri("/a?token=1&Token=no&token=%32&token=&%74oken=3")
            .insert_header((AUTHORIZATION, "apitoken  4"))
            .append_header((AUTHORIZATION, "Bearer 5"))
            .insert_header((COOKIE, "a=b; session=6"))
            .append_header((COOKIE, "session=7;session=; Session=no"))
            .to_http_request();
        let found = places().texts_in_head(request.head());
        assert_eq!(found.tokens, ["1", "2", "3", "4", "5"]);
        assert_eq!(found.ambiguous, ["6", "7"]);
    }

    #[test]
    fn other_schemes_carry_no_token() {
        for value in [
            "Basic YTpi",
            "ApiToken",
            "ApiToken ",
            "",
            "Digest x",
            "None",
        ] {
            let request = TestRequest::default()
                .insert_header((AUTHORIZATION, value))
                .to_http_request();
            let found = places().texts_in_head(request.head());
            assert_eq!(found, TokenTexts::default(), "{value}");
        }
    }

    #[test]
    fn letter_case_of_names_matters_unless_the_dialect_ignores_it() {
        let places = TokenPlaces {
            query: &["APIToken"],
            ignore_case: true,
            ..TokenPlaces::default()
        };
        for name in ["APIToken", "apitoken", " APITOKEN "] {
            assert!(places.is_query_parameter(name), "{name}");
        }
        assert!(!places.is_body_parameter("APIToken"));
        assert!(!self::places().is_query_parameter("TOKEN"));
    }
}
