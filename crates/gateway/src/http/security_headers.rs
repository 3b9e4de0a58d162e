//! Headers that every answer has unless its dialect says otherwise.

use std::time::Duration;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

/// Nothing that is served here loads, runs or submits anything, the page of Memsource's
/// `authByToken` included, or belongs into a frame.
const POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What protects clients that are browsers. `no-store` stands on whatever is answered: every route
/// gives a token, judges one, or tells what one opened.
static ALWAYS: [(HeaderName, HeaderValue); 5] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// What an answer is given.
#[derive(Clone, Default)]
pub(crate) struct Protection {
    /// For how long browsers are to come by HTTPS only, if that is to be said.
    hsts: Option<HeaderValue>,
}

impl Protection {
    /// Tells browsers for how long to come by HTTPS only; zero says nothing of it.
    pub(crate) fn with_hsts(max_age: Duration) -> Self {
        let seconds = max_age.as_secs();
        let hsts = HeaderValue::from_str(&format!("max-age={seconds}"));
        Self {
            hsts: hsts.ok().filter(|_| !max_age.is_zero()),
        }
    }

    /// Adds what the answer does not say itself.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let hsts = self.hsts.as_ref();
        let hsts = hsts.map(|value| (&STRICT_TRANSPORT_SECURITY, value));
        headers.reserve(ALWAYS.len());
        for (name, value) in ALWAYS.iter().map(|(name, value)| (name, value)).chain(hsts) {
            if !headers.contains_key(name) {
                headers.insert(name.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_says_itself_stays() {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
        Protection::default().write(&mut headers);
        assert_eq!(headers.get(CACHE_CONTROL).unwrap(), "max-age=60");
        assert_eq!(headers.get(X_FRAME_OPTIONS).unwrap(), "DENY");
        assert!(!headers.contains_key(STRICT_TRANSPORT_SECURITY));
    }

    #[test]
    fn https_only_is_said_for_some_time_or_not_at_all() {
        for (seconds, expected) in [(0, None), (60, Some("max-age=60"))] {
            let mut headers = HeaderMap::new();
            Protection::with_hsts(Duration::from_secs(seconds)).write(&mut headers);
            let said = headers.get(STRICT_TRANSPORT_SECURITY);
            assert_eq!(said.map(|value| value.to_str().unwrap()), expected);
        }
    }
}
