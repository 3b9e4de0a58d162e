//! The languages in which an e-mail may be written.

use actix_web::HttpMessage;
use actix_web::http::header::{AcceptLanguage, Header as _, Preference};
use isogloss_core::Language;

/// The languages that a request for an e-mail asks for.
#[derive(Debug, Default)]
pub(crate) struct RequestedLanguages {
    /// The language that the request names for this e-mail.
    named: Option<Language>,
    /// Those that the client prefers, the most preferred first.
    accepted: Vec<Language>,
}

impl RequestedLanguages {
    /// Returns the language that an administrator names for another user, whose languages the request does not tell.
    pub(crate) fn named(named: Option<Language>) -> Self {
        Self {
            named,
            accepted: Vec::new(),
        }
    }

    /// Returns the languages of `Accept-Language`. A header that cannot be read counts as none, and so does a tag in it.
    pub(super) fn of_client(request: &impl HttpMessage) -> Self {
        Self {
            named: None,
            accepted: accepted(request),
        }
    }

    /// Returns the languages of an e-mail, the best first: the one that the request names, the one that the user prefers,
    /// and those of the client.
    pub(super) fn for_user<'a>(
        &'a self,
        preferred: Option<&'a Language>,
    ) -> impl Iterator<Item = &'a Language> {
        self.named.iter().chain(preferred).chain(&self.accepted)
    }
}

fn accepted(request: &impl HttpMessage) -> Vec<Language> {
    let Ok(accepted) = AcceptLanguage::parse(request) else {
        return Vec::new();
    };
    let ranked = accepted.ranked().into_iter();
    let tags = ranked.filter_map(|language| match language {
        Preference::Specific(tag) => Language::parse(tag.as_str()).ok(),
        Preference::Any => None,
    });
    tags.collect()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::ACCEPT_LANGUAGE;
    use actix_web::test::TestRequest;

    use super::*;

    fn of_header(header: &str) -> RequestedLanguages {
        let request = TestRequest::default().insert_header((ACCEPT_LANGUAGE, header));
        RequestedLanguages::of_client(&request.to_http_request())
    }

    fn tags<'a>(
        requested: &'a RequestedLanguages,
        preferred: Option<&'a Language>,
    ) -> Vec<&'a str> {
        let languages = requested.for_user(preferred);
        languages.map(Language::as_str).collect()
    }

    #[test]
    fn languages_of_a_client_are_ranked_by_preference() {
        for (header, expected) in [
            ("de", &["de"][..]),
            ("fr;q=0.5, de-AT, en;q=0.8", &["de-AT", "en", "fr"]),
            ("*", &[]),
            ("<script>", &[]),
        ] {
            assert_eq!(tags(&of_header(header), None), expected, "{header}");
        }
        let none = RequestedLanguages::of_client(&TestRequest::default().to_http_request());
        assert!(tags(&none, None).is_empty());
    }

    #[test]
    fn a_named_language_counts_more_than_the_users_and_that_more_than_the_clients() {
        let mut requested = of_header("fr, en");
        let preferred = Language::parse("de").unwrap();
        assert_eq!(tags(&requested, Some(&preferred)), ["de", "fr", "en"]);
        requested.named = Language::parse("it").ok();
        let all = ["it", "de", "fr", "en"];
        assert_eq!(tags(&requested, Some(&preferred)), all);
        assert_eq!(tags(&requested, None), ["it", "fr", "en"]);
    }
}
