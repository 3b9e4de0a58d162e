//! Runs the contract suite of throttles on the in-memory throttle.

use isogloss_core::throttle::MemoryThrottle;
use isogloss_store_contract::throttle::fulfil;
use isogloss_store_contract::throttle::lists::many_locks_do_not_hide_what_is_not_locked;

#[tokio::test]
async fn memory_fulfils_the_contract() {
    let throttle = MemoryThrottle::default();
    fulfil(&throttle).await;
    many_locks_do_not_hide_what_is_not_locked(&throttle).await;
}
