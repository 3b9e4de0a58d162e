//! Counts the live tokens for `/metrics`.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use isogloss_core::store::TokenStore;
use isogloss_core::{Clock as _, StoreError, SystemClock};
use metrics::gauge;
use tokio::time::{MissedTickBehavior, interval};
use tracing::warn;

/// How often the tokens are counted.
const INTERVAL: Duration = Duration::from_mins(5);

/// The most records that are read: a processor is busy with them for less than a second.
const MOST: usize = 200_000;

const NAME: &str = "isogloss_live_tokens";

/// The labels of a count: dialect and purpose.
type Labels = [(&'static str, String); 2];

/// Counts the live tokens of a store in this process at a fixed interval, for as long as the gateway runs. A store with
/// too many tokens has no numbers.
pub(super) async fn run(tokens: Arc<dyn TokenStore>) {
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut known: HashSet<Labels> = HashSet::new();
    loop {
        ticks.tick().await;
        let counts = match counts(tokens.as_ref()).await {
            Ok(counts) => counts,
            Err(error) => {
                warn!(%error, "cannot count the live tokens, will retry");
                continue;
            }
        };
        let nothing = if counts.is_some() { 0.0 } else { f64::NAN };
        for labels in &known {
            gauge!(NAME, labels).set(nothing);
        }
        for (labels, count) in counts.into_iter().flatten() {
            gauge!(NAME, &labels).set(count);
            known.insert(labels);
        }
    }
}

/// Returns how many live tokens there are, by labels. `None` if the store has too many tokens to count. Fails if the
/// store is unreachable.
async fn counts(tokens: &dyn TokenStore) -> Result<Option<HashMap<Labels, f64>>, StoreError> {
    let now = SystemClock.now();
    let mut counts: HashMap<Labels, f64> = HashMap::new();
    let mut read = 0;
    tokens
        .scan(&mut |_, record| {
            read += 1;
            if read > MOST {
                return ControlFlow::Break(());
            }
            if record.is_live(now) {
                let purpose = record.purpose.name().to_owned();
                let labels = [("dialect", record.realm), ("purpose", purpose)];
                *counts.entry(labels).or_default() += 1.0;
            }
            ControlFlow::Continue(())
        })
        .await?;
    Ok((read <= MOST).then_some(counts))
}
