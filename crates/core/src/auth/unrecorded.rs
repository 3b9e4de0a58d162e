//! Uses of tokens that the store did not record: they are counted, and logged once a minute.

use std::sync::atomic::{AtomicI64, Ordering};

use metrics::counter;
use time::OffsetDateTime;
use tracing::warn;

use crate::clock::milliseconds;
use crate::error::StoreError;

/// How long no use is sent to a store that refused one, in milliseconds, unless the end of a token depends on
/// it: the store may take as long as its time-out to refuse.
const PAUSE: i64 = 5_000;
/// The minimum time between two log lines about refusals, in milliseconds.
const QUIET: i64 = 60_000;

/// When the store last refused to record a use, and when that was last logged, in milliseconds. Zero means
/// never.
#[derive(Default)]
pub(super) struct UnrecordedUses {
    refused_at: AtomicI64,
    logged_at: AtomicI64,
}

impl UnrecordedUses {
    /// Returns whether the store refused a use so recently that the next one is not sent. If so, that use is
    /// counted.
    pub(super) fn skips(&self, now: OffsetDateTime) -> bool {
        let skips = is_within(&self.refused_at, milliseconds(now), PAUSE);
        if skips {
            count();
        }
        skips
    }

    /// Counts a use that the store refused, and logs the refusal unless one was logged in the last minute.
    pub(super) fn refused(&self, now: OffsetDateTime, error: &StoreError) {
        count();
        let now = milliseconds(now);
        self.refused_at.store(now, Ordering::Relaxed);
        if !is_within(&self.logged_at, now, QUIET) {
            self.logged_at.store(now, Ordering::Relaxed);
            warn!(
                %error,
                "the token store does not record when tokens are used: tokens with a fixed end stay valid, \
                 those that end after a time without use are unavailable"
            );
        }
    }
}

fn count() {
    counter!("isogloss_token_uses_unrecorded_total").increment(1);
}

/// Returns whether less than `span` milliseconds have passed since `since`. `false` if `since` is 0, which means
/// never, or if it lies in the future because the clock was set back.
fn is_within(since: &AtomicI64, now: i64, span: i64) -> bool {
    let since = since.load(Ordering::Relaxed);
    since != 0 && (0..span).contains(&(now - since))
}
