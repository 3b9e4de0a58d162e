//! Runs the contract suite of throttles on the in-memory throttle.

use isogloss_core::throttle::MemoryThrottle;
use isogloss_store_contract::throttle::fulfil;

#[tokio::test]
async fn memory_fulfils_the_contract() {
    fulfil(&MemoryThrottle::default()).await;
}
