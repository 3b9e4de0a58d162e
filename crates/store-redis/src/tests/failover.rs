//! Another server becomes the primary: the store answers again, without a restart.

use std::time::Duration;

use isogloss_core::store::TokenStore as _;
use isogloss_store_contract::token_store::{HOUR, NOW, digest, record};
use isogloss_testkit::servers::{ClusterServers, SentinelServers};
use uuid::Uuid;

use super::{settings, store};
use crate::RedisStore;

/// Repeats a login, a token check and a logout until all of them succeed. There are errors until then, but a
/// live token is never "none".
async fn comes_back(store: &RedisStore, number: u16) {
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    for _ in 0..3000 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        if store.put(digest(number), &kept, NOW).await.is_err() {
            continue;
        }
        match store.get(digest(number)).await {
            Ok(found) => assert_eq!(found.as_deref(), Some(&kept)),
            Err(_) => continue,
        }
        match store.remove(digest(number)).await {
            Ok(taken) => assert_eq!(taken.as_ref(), Some(&kept)),
            Err(_) => continue,
        }
        return;
    }
    panic!("the store stays away");
}

/// Stores tokens in all parts of a cluster, and waits until the replicas have them, too.
async fn keep_many(store: &RedisStore) {
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    for number in 100..120 {
        store.put(digest(number), &kept, NOW).await.unwrap();
    }
}

async fn many_are_kept(store: &RedisStore) {
    for number in 100..120 {
        assert!(store.get(digest(number)).await.unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sentinels_make_another_server_the_primary() {
    let servers = SentinelServers::start(None, &[]).unwrap();
    let mut settings = settings(servers.url());
    settings.wait_replicas = 2;
    let store = store(&settings);
    keep_many(&store).await;
    // Waits until both replicas have all of it.
    store.remove(digest(1)).await.unwrap();

    servers.fail_over().unwrap();
    comes_back(&store, 1).await;
    many_are_kept(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_primary_of_sentinels_is_killed() {
    let mut servers = SentinelServers::start(None, &[]).unwrap();
    let mut waiting = settings(servers.url());
    waiting.wait_replicas = 2;
    let waiting = store(&waiting);
    let store = store(&settings(servers.url()));
    keep_many(&store).await;
    waiting.remove(digest(1)).await.unwrap();

    servers.kill_primary().unwrap();
    comes_back(&store, 1).await;
    many_are_kept(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sentinel_of_three_is_enough() {
    let mut servers = SentinelServers::start(None, &[]).unwrap();
    for sentinel in &mut servers.sentinels()[1..] {
        sentinel.kill().unwrap();
    }
    let store = store(&settings(servers.url()));
    comes_back(&store, 1).await;
    // And none is needed by who is connected.
    servers.sentinels()[0].kill().unwrap();
    comes_back(&store, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_takes_over_in_a_cluster() {
    let servers = ClusterServers::start(None, &[]).unwrap();
    let store = store(&settings(servers.url()));
    keep_many(&store).await;
    for index in 0..3 {
        servers.fail_over(index).unwrap();
        comes_back(&store, 1).await;
    }
    many_are_kept(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_of_a_cluster_is_killed() {
    let mut servers = ClusterServers::start(None, &[]).unwrap();
    let mut waiting = settings(servers.url());
    waiting.wait_replicas = 1;
    let waiting = store(&waiting);
    let store = store(&settings(servers.url()));
    keep_many(&store).await;
    waiting.remove(digest(1)).await.unwrap();

    servers.kill_primary(1).unwrap();
    for number in 1..20 {
        comes_back(&store, number).await;
    }
    many_are_kept(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_cluster_goes_away_and_comes_back() {
    let mut servers = ClusterServers::start(None, &[]).unwrap();
    let store = store(&settings(servers.url()));
    comes_back(&store, 1).await;
    for server in servers.servers() {
        server.kill().unwrap();
    }
    for _ in 0..20 {
        assert!(store.get(digest(1)).await.is_err());
    }
    for server in servers.servers() {
        server.start_again().unwrap();
    }
    comes_back(&store, 1).await;
}
