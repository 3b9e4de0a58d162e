//! The suites of all stores and of all throttles, on one server; and what becomes of its keys.

use std::sync::Arc;
use std::time::Duration;

use isogloss_core::store::{Slot, TokenStore as _};
use isogloss_store_contract::token_store::{
    CAPS, HOUR, NOW, digest, pass_all, record, ten_thousand_logins_leave_a_bounded_list,
};
use isogloss_testkit::servers::{RedisServer, wait_until};
use uuid::Uuid;

use super::at;
use crate::{RedisSettings, RedisStore};

/// Returns the time to live of every key, in milliseconds; -1 for a key without.
pub(super) fn ttls(server: &RedisServer) -> Vec<i64> {
    let keys = server.values(&[b"KEYS", b"*"]).unwrap();
    let ttl = |key: &Vec<u8>| {
        let ttl = server.values(&[b"PTTL", key]).unwrap();
        std::str::from_utf8(&ttl[0]).unwrap().parse().unwrap()
    };
    keys.iter().map(ttl).collect()
}

fn one(server: &RedisServer) -> RedisStore {
    let settings = RedisSettings {
        connections: 8,
        timeout: Duration::from_secs(5),
        ..RedisSettings::at(at(server.port()))
    };
    RedisStore::new(&settings, CAPS).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_passes() {
    let server = RedisServer::start(&[]).unwrap();
    let store = one(&server);
    pass_all(&store).await;
    ten_thousand_logins_leave_a_bounded_list(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_key_in_redis_has_a_ttl_and_goes_with_its_token() {
    let server = RedisServer::start(&[]).unwrap();
    let store = one(&server);
    let user = Uuid::new_v4();
    let brief = Duration::from_millis(300);
    let mut slotted = record(user, NOW, brief);
    slotted.slot = Some(Slot::Exclusive(digest(1000)));
    store.put(digest(1), &slotted, NOW).await.unwrap();
    store
        .put(digest(2), &record(user, NOW, brief), NOW)
        .await
        .unwrap();
    let mut ttls = ttls(&server);
    ttls.sort_unstable();
    assert_eq!(ttls.len(), 4);
    // The list of the user's tokens stays for a minute: clocks of gateways differ.
    let list = ttls.pop().unwrap();
    assert!((60_001..=60_300).contains(&list), "{list}");
    assert!(ttls.iter().all(|ttl| (1..=300).contains(ttl)), "{ttls:?}");
    wait_until("one key is left", || {
        server.ask(&["DBSIZE"]).unwrap() == "1"
    })
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_away_is_an_error_and_comes_back_without_a_restart() {
    let mut server = RedisServer::start(&[]).unwrap();
    let store = one(&server);
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    store.put(digest(1), &kept, NOW).await.unwrap();
    server.kill().unwrap();
    assert!(store.ping().await.is_err());
    assert!(store.get(digest(1)).await.is_err());
    assert!(store.put(digest(2), &kept, NOW).await.is_err());
    server.start_again().unwrap();
    store.put(digest(2), &kept, NOW).await.unwrap();
    assert_eq!(store.get(digest(2)).await.unwrap(), Some(Arc::new(kept)));
}
