//! The audit log's sinks, from the configuration; and what keeps its table small.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use isogloss_core::Auth;
use isogloss_core::audit::{Audit, Database, Lines, Sink, prune};
use isogloss_core::directory::Directory;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};

use crate::config::{self, AuditTarget};
use crate::open_stores::{Open, close_at_the_end};

/// How often old events are removed from the table.
const PRUNE_INTERVAL: Duration = Duration::from_hours(1);

/// Opens what a gateway records to.
pub(crate) fn open(settings: &config::Audit, directory: &Arc<dyn Directory>) -> Result<Audit> {
    let lines = match &settings.to {
        AuditTarget::None => None,
        AuditTarget::Stdout => Some(Lines::stdout()),
        AuditTarget::File(path) => Some(Lines::file(path)),
    };
    start(settings, lines, directory)
}

/// Opens what a command beside it records to. The standard output is the command's own.
pub(crate) fn open_beside(
    settings: &config::Audit,
    directory: &Arc<dyn Directory>,
) -> Result<Audit> {
    let lines = match &settings.to {
        AuditTarget::None | AuditTarget::Stdout => None,
        AuditTarget::File(path) => Some(Lines::file(path)),
    };
    start(settings, lines, directory)
}

fn start(
    settings: &config::Audit,
    lines: Option<Lines>,
    directory: &Arc<dyn Directory>,
) -> Result<Audit> {
    let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
    if let Some(lines) = lines {
        sinks.push(Box::new(lines));
    }
    if settings.database {
        sinks.push(Box::new(Database::new(directory.clone())));
    }
    let audit = Audit::start(sinks, settings.queue).context("cannot start the audit log")?;
    close_at_the_end(Open::Audit(audit.clone()));
    Ok(audit)
}

/// Removes events from the table when they are old.
pub(crate) async fn keep_small(settings: config::Audit, directory: Arc<dyn Directory>, auth: Auth) {
    if !settings.database {
        return;
    }
    let mut ticks = interval(PRUNE_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // Nothing is so old that it lies before the calendar's beginning.
        let Some(before) = auth
            .now()
            .checked_sub(settings.keep.try_into().unwrap_or_default())
        else {
            return;
        };
        match prune(directory.as_ref(), before).await {
            Ok(0) => {}
            Ok(removed) => info!(removed, "removed old events from the audit log"),
            Err(error) => warn!(%error, "cannot remove old events from the audit log, will retry"),
        }
    }
}
