//! Opens the sinks of the audit log, and removes old events from its table.

#[cfg(test)]
pub(crate) mod recording;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use isogloss_core::audit::{Audit, Event, TableSink, event_lines, prune};
use isogloss_core::directory::Directory;
use isogloss_core::log::{LineTarget, LogSink};
use isogloss_core::{Auth, create_private_folder};

use super::open_stores::{OpenResource, close_on_exit};
use super::pruning::{self, before};
use crate::config::{self, LogTarget};

/// How often old events are removed from the table.
const PRUNE_INTERVAL: Duration = Duration::from_hours(1);

/// Opens the audit log of a gateway. Fails if its thread cannot be started.
pub(crate) fn open(settings: &config::Audit, directory: &Arc<dyn Directory>) -> Result<Audit> {
    let lines = match &settings.to {
        LogTarget::None => None,
        LogTarget::Stdout => Some(LineTarget::Stdout),
        LogTarget::File(path) => Some(LineTarget::File(path.clone())),
    };
    start(settings, lines, directory)
}

/// Creates the folder of the audit log's file, if the log goes to a file, for a command that may create missing
/// files. Fails if the folder cannot be created.
pub(crate) fn make_folder(settings: &config::Audit) -> Result<()> {
    let LogTarget::File(path) = &settings.to else {
        return Ok(());
    };
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => {
            create_private_folder(folder).context("audit.to")
        }
        Some(_) | None => Ok(()),
    }
}

/// Opens the audit log for a command that runs next to a gateway. The folder of its file must exist. Events do
/// not go to the standard output, which is for the command's own output. Fails if the log's thread cannot be
/// started.
pub(crate) fn open_for_command(
    settings: &config::Audit,
    directory: &Arc<dyn Directory>,
) -> Result<Audit> {
    let lines = match &settings.to {
        LogTarget::None | LogTarget::Stdout => None,
        LogTarget::File(path) => Some(LineTarget::FileInFolder(path.clone())),
    };
    start(settings, lines, directory)
}

/// Starts an audit log with these sinks, and registers it to be closed on exit. Fails if its thread cannot be
/// started.
fn start(
    settings: &config::Audit,
    lines: Option<LineTarget>,
    directory: &Arc<dyn Directory>,
) -> Result<Audit> {
    let mut sinks: Vec<Box<dyn LogSink<Arc<Event>>>> = Vec::new();
    if let Some(lines) = lines {
        sinks.push(Box::new(event_lines(lines)));
    }
    if settings.database {
        sinks.push(Box::new(TableSink::new(directory.clone())));
    }
    let audit = Audit::start(sinks, settings.queue).context("cannot start the audit log")?;
    close_on_exit(OpenResource::Audit(audit.clone()));
    Ok(audit)
}

/// Removes events from the table once they are older than `settings.keep`, for as long as the gateway runs.
/// Returns at once if events do not go to the table.
pub(crate) async fn prune_periodically(
    settings: config::Audit,
    directory: Arc<dyn Directory>,
    auth: Auth,
) {
    if !settings.database {
        return;
    }
    let of_table = async || {
        let limit = before(auth.now(), settings.keep);
        prune(directory.as_ref(), limit).await
    };
    pruning::prune_periodically(PRUNE_INTERVAL, "events from the audit log", of_table).await;
}
