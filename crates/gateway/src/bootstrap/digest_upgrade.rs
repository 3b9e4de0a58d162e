//! Converts plain digests of an older release to digests under the directory's digest key.

use std::sync::Arc;
use std::time::Duration;

use isogloss_core::StoreError;
use isogloss_core::directory::Directory;
use tokio::time::sleep;
use tracing::{info, warn};

/// Pause between two searches for digests that an older gateway has left plain.
const SEARCH_INTERVAL: Duration = Duration::from_hours(1);
/// Pause while the directory is unavailable.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// How many digests are stored per call.
const BATCH_SIZE: u32 = 500;

/// Searches for plain digests when the gateway starts and then every hour, and stores them under the digest key.
/// Tries again every second while the directory is unavailable. The first search opens the digest keys, and logs
/// those that no pepper decrypts. Never returns.
pub(crate) async fn run(directory: Arc<dyn Directory>) {
    let mut is_failing = false;
    loop {
        match key_all(directory.as_ref()).await {
            Ok(keyed) => {
                is_failing = false;
                if keyed > 0 {
                    info!(
                        keyed,
                        "stored digests of cards and keys under the digest key"
                    );
                }
                sleep(SEARCH_INTERVAL).await;
            }
            Err(error) => {
                if !is_failing {
                    warn!(%error, "cannot store digests under the digest key, will retry");
                }
                is_failing = true;
                sleep(RETRY_INTERVAL).await;
            }
        }
    }
}

/// Stores all plain digests under the digest key, and returns their number, which is 0 as long as no digest key is in
/// use. Fails if the directory is unreachable.
async fn key_all(directory: &dyn Directory) -> Result<u64, StoreError> {
    let mut all = 0;
    loop {
        let keyed = directory.key_digests(BATCH_SIZE).await?;
        all += keyed;
        if keyed < u64::from(BATCH_SIZE) {
            return Ok(all);
        }
    }
}
