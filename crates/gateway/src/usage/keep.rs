//! What was counted goes into the directory's table; what is old goes out of it.

use std::sync::Arc;
use std::time::Duration;

use isogloss_core::usage::UsageTable;
use isogloss_core::{Auth, StoreError};
use time::OffsetDateTime;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{info, warn};

use super::Usage;
use crate::config;

/// How often old rows are removed.
const PRUNE_INTERVAL: Duration = Duration::from_hours(1);

impl Usage {
    /// Tells the table what was counted. What it does not take is offered again the next time.
    pub(crate) async fn flush(&self, table: &dyn UsageTable) -> Result<(), StoreError> {
        let Some(inner) = &self.0 else { return Ok(()) };
        let mut pending = inner.pending.lock().await;
        for rows in inner.drain() {
            pending.add_all(rows);
        }
        if pending.rows().is_empty() {
            return Ok(());
        }
        table.add_usage(pending.rows(), inner.room).await?;
        pending.take();
        Ok(())
    }

    /// The last time. There is nobody to offer it to later.
    pub(crate) async fn close(&self, table: &dyn UsageTable) {
        if let Err(error) = self.flush(table).await {
            warn!(%error, "what was counted last of the use of dialects is lost");
        }
    }

    /// Does so for as long as the gateway runs.
    pub(crate) async fn keep(
        self,
        settings: config::Usage,
        table: Arc<dyn isogloss_core::directory::Directory>,
        auth: Auth,
    ) {
        if self.0.is_none() {
            return;
        }
        let mut ticks = interval(settings.flush_interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failing = false;
        let mut pruned: Option<Instant> = None;
        loop {
            ticks.tick().await;
            match self.flush(table.as_ref()).await {
                Err(error) if !failing => {
                    warn!(%error, "cannot write down who uses which dialect, will retry");
                    failing = true;
                }
                Err(_) => {}
                Ok(()) => failing = false,
            }
            if pruned.is_none_or(|at| at.elapsed() >= PRUNE_INTERVAL) && !failing {
                pruned = Some(Instant::now());
                prune(table.as_ref(), &settings, auth.now()).await;
            }
        }
    }
}

async fn prune(table: &dyn UsageTable, settings: &config::Usage, now: OffsetDateTime) {
    // Nothing is so old that it lies before the calendar's beginning.
    let Some(before) = now.checked_sub(settings.keep.try_into().unwrap_or_default()) else {
        return;
    };
    match table.remove_usage(before).await {
        Ok(0) => {}
        Ok(removed) => info!(removed, "removed old rows of who uses which dialect"),
        Err(error) => warn!(%error, "cannot remove old rows of usage, will retry"),
    }
}
