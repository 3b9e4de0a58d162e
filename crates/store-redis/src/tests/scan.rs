//! Listing keys.

use std::collections::HashSet;

use isogloss_core::store::TokenStore as _;
use isogloss_store_contract::token_store::{HOUR, NOW, digest, record};
use isogloss_testkit::servers::{ClusterServers, RedisServer};
use redis::cmd;
use uuid::Uuid;

use super::{at, settings, store};
use crate::RedisStore;

/// More tokens than the thousand keys that a page examines.
const TOKENS: u16 = 1_100;

async fn all_are_listed(store: &RedisStore) {
    for number in 0..TOKENS {
        let kept = record(Uuid::new_v4(), NOW, HOUR);
        store.put(digest(number), &kept, NOW).await.unwrap();
    }
    let mut scan = store.client.scan("isogloss:t:").await.unwrap();
    let mut found = HashSet::new();
    let mut pages = 0;
    while let Some(page) = scan.next_page().await.unwrap() {
        found.extend(page);
        pages += 1;
    }
    assert_eq!(found.len(), usize::from(TOKENS));
    assert!(found.iter().all(|key| key.starts_with(b"isogloss:t:")));
    assert!(pages > 2, "{pages}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_lists_page_by_page() {
    let server = RedisServer::start(&[]).unwrap();
    let store = store(&settings(at(server.port())));
    all_are_listed(&store).await;
    let size: u16 = store.client.run(&cmd("DBSIZE")).await.unwrap();
    assert_eq!(size, 2 * TOKENS);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_primary_of_a_cluster_is_listed() {
    let servers = ClusterServers::start(None, &[]).unwrap();
    all_are_listed(&store(&settings(servers.url()))).await;
}
