//! Removes old refused requests and names.

use std::sync::Arc;
use std::time::Duration;

use isogloss_core::Auth;
use isogloss_core::directory::Directory;
use isogloss_core::refusals::RefusalPruning;
use time::OffsetDateTime;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};

use super::PRUNE_INTERVAL;
use crate::config;

/// Removes what is older than the configuration says, for as long as the gateway runs.
pub(crate) async fn prune_periodically(
    settings: config::Refusals,
    directory: Arc<dyn Directory>,
    auth: Auth,
) {
    let mut ticks = interval(PRUNE_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_failing = false;
    loop {
        ticks.tick().await;
        let now = auth.now();
        let pruning = RefusalPruning {
            before: earlier(now, settings.keep),
            names_before: earlier(now, settings.keep_names),
            room: settings.max_rows.get(),
        };
        match directory.prune_refusals(pruning).await {
            Ok(removed) => {
                is_failing = false;
                if removed > 0 {
                    info!(removed, "removed old refused requests");
                }
            }
            // A standby database may stay read-only for months, so the error is logged once.
            Err(error) if !is_failing => {
                is_failing = true;
                warn!(%error, "cannot remove old refused requests, will retry");
            }
            Err(_) => {}
        }
    }
}

/// Returns the time that is `span` before `now`, or the first of the calendar.
fn earlier(now: OffsetDateTime, span: Duration) -> OffsetDateTime {
    let span = span.try_into().unwrap_or(time::Duration::MAX);
    now.checked_sub(span).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
