//! Removal of expired tokens.

use std::sync::Arc;
use std::time::Duration;

use isogloss_core::Auth;
use isogloss_core::store::TokenStore;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};

/// How often expired tokens are removed from a store that does not do so by itself.
const INTERVAL: Duration = Duration::from_mins(1);

/// Removes expired tokens at a fixed interval, for as long as the gateway runs.
pub(super) async fn run(auth: Auth, tokens: Arc<dyn TokenStore>) {
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match tokens.sweep(auth.now()).await {
            Ok(0) => {}
            Ok(removed) => info!(removed, "removed expired tokens"),
            Err(error) => warn!(%error, "cannot remove expired tokens, will retry"),
        }
    }
}
