//! Logging that a server is silent: once, not with each request that it leaves without a response.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::{debug, warn};

/// Time-outs that are less apart than this belong to one silence.
const APART: Duration = Duration::from_secs(10);

/// When the last time-out was.
#[derive(Default)]
pub(super) struct Silence(Mutex<Option<Instant>>);

impl Silence {
    /// Logs a time-out at that server, as a warning if it is the first.
    pub(super) fn log(&self, server: &str) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = last.replace(Instant::now());
        drop(last);
        if before.is_none_or(|before| before.elapsed() > APART) {
            warn!(
                server,
                "redis is silent: its connection is closed and made again"
            );
        } else {
            debug!(server, "redis is still silent");
        }
    }
}
