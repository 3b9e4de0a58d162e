//! Logs that a server is silent: once, not for each request without a response.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::{debug, warn};

/// Time-outs with less than this between them belong to one silence.
const SAME_SILENCE: Duration = Duration::from_secs(10);

/// The time of the last time-out of each server.
#[derive(Default)]
pub(super) struct TimeoutLog(Mutex<HashMap<String, Instant>>);

impl TimeoutLog {
    /// Logs a time-out at that server: as a warning if it is the first for ten seconds, as a debug message
    /// otherwise.
    pub(super) fn record(&self, server: &str) {
        if self.is_first(server, Instant::now()) {
            warn!(
                server,
                "redis is silent: its connection is closed and made again"
            );
        } else {
            debug!(server, "redis is still silent");
        }
    }

    fn is_first(&self, server: &str, now: Instant) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = last.insert(server.to_owned(), now);
        before.is_none_or(|before| now.saturating_duration_since(before) > SAME_SILENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_silence_of_a_server_is_logged_once() {
        let log = TimeoutLog::default();
        let start = Instant::now();
        let seconds = Duration::from_secs;
        assert!(log.is_first("a", start));
        assert!(!log.is_first("a", start + seconds(1)));
        assert!(log.is_first("b", start + seconds(1)));
        assert!(!log.is_first("a", start + seconds(11)));
        assert!(log.is_first("a", start + seconds(22)));
    }
}
