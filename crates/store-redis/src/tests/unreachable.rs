//! Servers that cannot be reached are named.

use std::time::Duration;

use isogloss_core::SystemClock;
use isogloss_core::store::TokenStore as _;
use isogloss_store_contract::token_store::{HOUR, NOW, digest, record};
use isogloss_testkit::servers::{ClusterServers, RedisServer, SentinelServers};
use uuid::Uuid;

use super::{at, settings, store};
use crate::RedisStore;

/// Returns the error texts of the health check, the ping, a lookup and a login, in this order. Fails the test if one
/// of them succeeds.
async fn said(store: &RedisStore) -> [String; 4] {
    let health = store.health(&SystemClock).await.unwrap_err();
    let ping = store.ping().await.unwrap_err();
    let lookup = store.get(digest(1)).await.unwrap_err();
    let kept = record(Uuid::nil(), NOW, HOUR);
    let login = store.put(digest(1), &kept, NOW).await.unwrap_err();
    [health, ping, lookup, login].map(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_is_named_without_credentials() {
    let mut server = RedisServer::start(&[]).unwrap();
    let port = server.port();
    server.kill().unwrap();
    for host in ["127.0.0.1", "[::1]"] {
        let url = format!("redis://someone:geheim@{host}:{port}");
        let expected = format!("redis: {host}:{port}: Connection refused (os error 111)");
        assert_eq!(
            said(&store(&settings(url))).await,
            [0; 4].map(|_| expected.clone())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stalls_is_named() {
    let server = RedisServer::start(&[]).unwrap();
    let mut brief = settings(at(server.port()));
    brief.timeout = Duration::from_millis(200);
    let store = store(&brief);
    store.ping().await.unwrap();
    server.stall().unwrap();
    let place = format!("redis: 127.0.0.1:{}: ", server.port());
    let silent = store.ping().await.unwrap_err().to_string();
    assert!(silent.starts_with(&place), "{silent}");
    server.go_on().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_whose_name_leads_nowhere_is_named() {
    let store = store(&settings("redis://:geheim@nowhere.invalid:7"));
    for text in said(&store).await {
        let place = "redis: nowhere.invalid:7: failed to lookup address information";
        assert!(text.starts_with(place), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sentinel_that_is_away_is_named() {
    let mut servers = SentinelServers::start(None, &[]).unwrap();
    let url = servers.url();
    let mut expected = Vec::new();
    for sentinel in servers.sentinels() {
        sentinel.kill().unwrap();
        let port = sentinel.port();
        expected.push(format!(
            "sentinel 127.0.0.1:{port}: Connection refused (os error 111)"
        ));
    }
    expected.sort_unstable();
    let expected = format!("redis: {}", expected.join("; "));
    let store = store(&settings(url));
    assert_eq!(said(&store).await, [0; 4].map(|_| expected.clone()));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_three_servers_of_a_cluster_the_dead_one_is_named() {
    let mut servers = ClusterServers::start_primaries("127.0.0.1", (3, 0), &[]).unwrap();
    let store = store(&settings(servers.url()));
    store.health(&SystemClock).await.unwrap();
    // The configuration does not name this one.
    let dead = &mut servers.servers()[1];
    dead.kill().unwrap();
    let expected = format!(
        "redis: 127.0.0.1:{}: Connection refused (os error 111)",
        dead.port()
    );
    for _ in 0..5 {
        let health = store.health(&SystemClock).await.unwrap_err();
        assert_eq!(health.to_string(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_away_is_named() {
    let mut servers = ClusterServers::start_primaries("127.0.0.1", (3, 0), &[]).unwrap();
    let store = store(&settings(servers.url()));
    let place = servers.place();
    for server in servers.servers() {
        server.kill().unwrap();
    }
    let [health, ping, lookup, login] = said(&store).await;
    for place in place.split(',') {
        let refused = format!("{place}: Connection refused (os error 111)");
        assert!(
            health.contains(&refused) && ping.contains(&refused),
            "{health} {ping}"
        );
        assert!(
            lookup.contains(place) && login.contains(place),
            "{lookup} {login}"
        );
    }
}
