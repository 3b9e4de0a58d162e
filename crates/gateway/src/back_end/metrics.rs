//! Metrics of calls to back ends, and of their addresses.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use isogloss_reverse_proxy::{AddressState, Reply, SendError};
use metrics::{Counter, Histogram, counter, histogram};

use super::dialect_back_end::DialectBackEnd;

/// Outcome of a call whose client was gone before the back end responded.
pub(super) const CLIENT_ABORTED: &str = "client_aborted";

/// How calls to a back end end, as labels in `/metrics`.
const OUTCOMES: [&str; 7] = [
    "responded",
    "unreachable",
    "invalid_response",
    "overloaded",
    "timed_out",
    CLIENT_ABORTED,
    "invalid_request",
];

/// Metrics of the calls to one back end, in one thread.
pub(super) struct RelayMetrics {
    durations: Histogram,
    totals: [Counter; OUTCOMES.len()],
}

impl RelayMetrics {
    pub(super) fn for_dialect(dialect: &'static str) -> Self {
        let total = |outcome| {
            let total = counter!("isogloss_backend_requests_total", "dialect" => dialect, "outcome" => outcome);
            // A counter that appears with its first count has not increased.
            total.increment(0);
            total
        };
        Self {
            durations: histogram!("isogloss_backend_request_duration_seconds", "dialect" => dialect),
            totals: OUTCOMES.map(total),
        }
    }

    /// Starts the timer of a call.
    pub(super) fn start_timer(&self) -> RelayTimer<'_> {
        RelayTimer {
            metrics: self,
            begun: Instant::now(),
        }
    }
}

/// Timer of a call until the head of its response.
pub(super) struct RelayTimer<'m> {
    metrics: &'m RelayMetrics,
    begun: Instant,
}

impl RelayTimer<'_> {
    /// Counts the call, and returns its outcome as in `/metrics`. Only the duration of calls that got a response is
    /// recorded.
    pub(super) fn finish(self, outcome: &Result<Reply, SendError>) -> &'static str {
        let index = match outcome {
            Ok(_) => 0,
            Err(SendError::Unreachable) => 1,
            Err(SendError::InvalidResponse) => 2,
            Err(SendError::Overloaded { .. }) => 3,
            Err(SendError::TimedOut) => 4,
            Err(SendError::Body(_)) => 5,
            Err(SendError::InvalidRequest) => 6,
        };
        self.metrics.totals[index].increment(1);
        if outcome.is_ok() {
            self.metrics.durations.record(self.begun.elapsed());
        }
        OUTCOMES[index]
    }
}

/// Returns what is known of the addresses of all back ends in the text format of Prometheus. The recorder of all other metrics
/// would still have addresses that a reload has removed.
pub(super) fn render(back_ends: &[Arc<DialectBackEnd>]) -> String {
    let mut lines = [String::new(), String::new(), String::new()];
    for back_end in back_ends {
        let addresses = back_end.proxy.addresses();
        let dialect = back_end.dialect;
        let in_flight: usize = addresses.iter().map(|status| status.in_flight).sum();
        let waiting = back_end.proxy.waiting();
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            lines[0],
            "isogloss_backend_in_flight{{dialect=\"{dialect}\"}} {in_flight}"
        );
        let _ = writeln!(
            lines[1],
            "isogloss_backend_waiting{{dialect=\"{dialect}\"}} {waiting}"
        );
        for status in addresses {
            let address = escaped(&status.address.to_string());
            let up = u8::from(status.state == AddressState::Available);
            let _ = writeln!(
                lines[2],
                "isogloss_backend_address_up{{dialect=\"{dialect}\",address=\"{address}\"}} {up}"
            );
        }
    }
    let described = [
        (
            "isogloss_backend_in_flight",
            "Calls that a back end is processing, with responses that are still being sent",
        ),
        (
            "isogloss_backend_waiting",
            "Calls that wait for a connection to a back end",
        ),
        (
            "isogloss_backend_address_up",
            "Whether an address of a back end gets calls",
        ),
    ];
    let mut text = String::new();
    for ((name, what), lines) in described.into_iter().zip(lines) {
        if !lines.is_empty() {
            let _ = write!(text, "# HELP {name} {what}\n# TYPE {name} gauge\n{lines}\n");
        }
    }
    text
}

/// Returns the text as the value of a label.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
