//! Removes old refused requests and names.

use std::sync::Arc;
use std::time::Duration;

use isogloss_core::Auth;
use isogloss_core::directory::Directory;
use isogloss_core::refusals::RefusalPruning;

use crate::bootstrap::pruning::{self, before};
use crate::config;

/// How often old requests are removed.
const PRUNE_INTERVAL: Duration = Duration::from_mins(10);

/// Removes what is older than the configuration says, for as long as the gateway runs.
pub(crate) async fn prune_periodically(
    settings: config::Refusals,
    directory: Arc<dyn Directory>,
    auth: Auth,
) {
    let of_table = async || {
        let now = auth.now();
        let pruning = RefusalPruning {
            before: before(now, settings.keep),
            names_before: before(now, settings.keep_names),
            room: settings.max_rows.get(),
        };
        directory.prune_refusals(pruning).await
    };
    pruning::prune_periodically(PRUNE_INTERVAL, "refused requests", of_table).await;
}
