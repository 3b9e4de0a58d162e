//! The response of a dialect while a store does not respond.

use super::Dialect;
use super::shape::matches;
use crate::Response;

impl Dialect {
    /// Asserts that `response` is the dialect's own "unavailable", and nothing else.
    ///
    /// # Panics
    /// If it is another response; the message says `what` was requested.
    pub fn assert_unavailable(&self, what: &str, response: &Response) {
        let name = self.name;
        let body = response
            .json()
            .unwrap_or_else(|failure| panic!("{name}, {what}: {failure}: {}", response.text()));
        let expected = &self.description.unavailable;
        assert_eq!(response.status, expected.status, "{name}, {what}: {body}");
        assert!(
            matches(&expected.body, &body),
            "{name}, {what}: expected {}, came {body}",
            expected.body
        );
    }
}
