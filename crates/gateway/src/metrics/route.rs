//! The metrics of a route.

use std::cell::RefCell;
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use metrics::{Counter, Histogram, SharedString, counter, histogram};

use super::outcome::RequestOutcome;

/// Label of requests that match no route. Their path is not used: clients can invent any path.
pub(super) const UNMATCHED: &str = "unmatched";

/// Metrics of a route. They are looked up once, so that a request only adds to them.
pub(super) struct Route {
    dialect: &'static str,
    pub(super) name: SharedString,
    /// The router's pattern.
    pub(super) pattern: Option<String>,
    durations: Histogram,
    totals: RefCell<Vec<(CounterLabels, Counter)>>,
}

/// Labels that the requests of one counter have in common.
type CounterLabels = (&'static str, StatusCode, RequestOutcome);

impl Route {
    /// Returns the metrics of a route.
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

    /// Returns the name of the route, or `None` if it stands for requests that match no route.
    pub(super) fn public_name(&self) -> Option<&str> {
        Some(self.name.as_ref()).filter(|name| *name != UNMATCHED)
    }

    /// Counts and times a request.
    pub(super) fn record(&self, took: Duration, labels: CounterLabels) {
        self.durations.record(took);
        let mut totals = self.totals.borrow_mut();
        if let Some((_, total)) = totals.iter().find(|(known, _)| *known == labels) {
            total.increment(1);
            return;
        }
        let (method, status, outcome) = labels;
        let total = counter!(
            "isogloss_http_requests_total",
            "dialect" => self.dialect,
            "route" => self.name.clone(),
            "method" => method,
            "status" => status.as_u16().to_string(),
            "outcome" => outcome.name()
        );
        total.increment(1);
        totals.push((labels, total));
    }
}

/// Returns the label of a method. Clients may invent methods, and each would be a time series, so methods that
/// are not listed are `other`.
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
