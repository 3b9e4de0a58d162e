//! The response of a dialect while a store or its back end does not respond.

use super::Dialect;
use super::shape::matches;
use crate::Response;

impl Dialect {
    /// Asserts that `response` is the dialect's own "unavailable", and nothing else.
    ///
    /// # Panics
    /// If it is another response; the message says `what` was requested.
    pub fn assert_unavailable(&self, what: &str, response: &Response) {
        self.assert_unavailable_with(what, self.description.unavailable.status, response);
    }

    /// Asserts that `response` is the dialect's own "unavailable" for a fault of its back end, which has the status
    /// `status` in the dialects that have more than one.
    ///
    /// # Panics
    /// If it is another response; the message says `what` was requested.
    pub fn assert_back_end_unavailable(&self, what: &str, status: u16, response: &Response) {
        let status = self.only_error_status().unwrap_or(status);
        self.assert_unavailable_with(what, status, response);
    }

    fn assert_unavailable_with(&self, what: &str, status: u16, response: &Response) {
        let name = self.name;
        let body = response
            .json()
            .unwrap_or_else(|failure| panic!("{name}, {what}: {failure}: {}", response.text()));
        let expected = &self.description.unavailable;
        assert_eq!(response.status, status, "{name}, {what}: {body}");
        assert!(
            matches(&expected.body, &body),
            "{name}, {what}: expected {}, came {body}",
            expected.body
        );
    }
}
