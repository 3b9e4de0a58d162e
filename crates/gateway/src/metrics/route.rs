//! A route's counters.

use std::cell::RefCell;
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use metrics::{Counter, Histogram, SharedString, counter, histogram};

use super::outcome::Outcome;

/// A route's counters. They are looked up once; after that a request adds to what is at hand.
pub(super) struct Route {
    dialect: &'static str,
    pub(super) name: SharedString,
    /// As the router has it.
    pub(super) pattern: Option<String>,
    durations: Histogram,
    totals: RefCell<Vec<(Ending, Counter)>>,
}

/// What the requests of one counter have in common.
type Ending = (&'static str, StatusCode, Outcome);

impl Route {
    pub(super) fn new(dialect: &'static str, name: String, pattern: Option<String>) -> Self {
        let name = SharedString::from(name);
        Self {
            dialect,
            durations: histogram!(
                "isogloss_http_request_duration_seconds",
                "dialect" => dialect,
                "route" => name.clone()
            ),
            name,
            pattern,
            totals: RefCell::default(),
        }
    }

    pub(super) fn note(&self, took: Duration, ending: Ending) {
        self.durations.record(took);
        let mut totals = self.totals.borrow_mut();
        if let Some((_, total)) = totals.iter().find(|(known, _)| *known == ending) {
            total.increment(1);
            return;
        }
        let (method, status, outcome) = ending;
        let total = counter!(
            "isogloss_http_requests_total",
            "dialect" => self.dialect,
            "route" => self.name.clone(),
            "method" => method,
            "status" => status.as_u16().to_string(),
            "outcome" => outcome.name()
        );
        total.increment(1);
        totals.push((ending, total));
    }
}

/// The methods that have a name here. Strangers invent others, and each would be a series.
pub(super) fn method(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"];

    let known = KNOWN.into_iter().find(|known| *known == method.as_str());
    known.unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_that_nobody_knows_is_other() {
        assert_eq!(method(&Method::POST), "POST");
        assert_eq!(method(&Method::from_bytes(b"BREW").unwrap()), "other");
    }
}
