//! Removes old entries of a log from its table.

use std::time::Duration;

use isogloss_core::StoreError;
use time::OffsetDateTime;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};

/// Calls `prune` now and at that interval, for as long as the gateway runs, and logs how many entries it removed. `what`
/// is what it removes, such as `refused requests`.
pub(crate) async fn prune_periodically(
    every: Duration,
    what: &'static str,
    mut prune: impl AsyncFnMut() -> Result<u64, StoreError>,
) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_failing = false;
    loop {
        ticks.tick().await;
        match prune().await {
            Ok(removed) => {
                is_failing = false;
                if removed > 0 {
                    info!(removed, "removed old {what}");
                }
            }
            // A standby database may stay read-only for months, so the error is logged once.
            Err(error) if !is_failing => {
                is_failing = true;
                warn!(%error, "cannot remove old {what}, will retry");
            }
            Err(_) => {}
        }
    }
}

/// Returns the time that is `span` before `now`, or the first one of the calendar.
pub(crate) fn before(now: OffsetDateTime, span: Duration) -> OffsetDateTime {
    now.saturating_sub(span.try_into().unwrap_or(time::Duration::MAX))
}
