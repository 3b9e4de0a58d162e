//! Revocations that wait for replicas.

use super::servers::{ClusterServers, SentinelServers, Server};
use super::{at, settings, store};
use crate::store::TokenStore as _;
use crate::store::contract::{HOUR, NOW, digest, record};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_that_no_replica_has_counts_as_failed() {
    let server = Server::start(&[]).unwrap();
    let mut settings = settings(at(server.port()));
    settings.wait_replicas = 1;
    settings.timeout = std::time::Duration::from_millis(400);
    let store = store(&settings);
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    for number in 0..3 {
        store.put(digest(number), &kept, NOW).await.unwrap();
    }
    let error = store.take(digest(0)).await.unwrap_err().to_string();
    assert!(error.contains("0 of 1 replicas"), "{error}");
    // Asking again does not make it certain.
    assert!(store.take(digest(0)).await.is_err());
    assert!(store.remove_user(kept.user).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_revoked_is_unknown_to_the_replicas() {
    let mut servers = SentinelServers::start(None, &[]).unwrap();
    let mut settings = settings(servers.url());
    settings.wait_replicas = 2;
    let store = store(&settings);
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    for number in 0..20 {
        store.put(digest(number), &kept, NOW).await.unwrap();
    }
    for number in 0..10 {
        assert!(store.take(digest(number)).await.unwrap().is_some());
    }
    assert_eq!(store.remove_user(kept.user).await.unwrap(), 10);
    for replica in servers.replicas().unwrap() {
        assert_eq!(replica.ask(&["KEYS", "isogloss:t:*"]).unwrap(), "");
    }
    assert!(servers.primary().is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_lags_makes_a_repeated_revocation_fail_too() {
    let primary = Server::start(&[]).unwrap();
    let port = primary.port().to_string();
    let replica = Server::start(&["--replicaof", "127.0.0.1", &port]).unwrap();
    super::servers::wait_until("the replica is connected", || {
        primary
            .ask(&["ROLE"])
            .is_ok_and(|role| role.contains("127.0.0.1"))
    })
    .unwrap();
    let mut settings = settings(at(primary.port()));
    settings.wait_replicas = 1;
    settings.timeout = std::time::Duration::from_secs(4);
    let store = store(&settings);
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    store.put(digest(1), &kept, NOW).await.unwrap();
    store.put(digest(2), &kept, NOW).await.unwrap();
    assert!(store.take(digest(1)).await.unwrap().is_some());

    replica.stall().unwrap();
    assert!(store.take(digest(2)).await.is_err());
    assert!(store.take(digest(2)).await.is_err());
    replica.go_on().unwrap();
    assert_eq!(store.take(digest(2)).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_waits_too() {
    let mut servers = ClusterServers::start(None, &[]).unwrap();
    let mut settings = settings(servers.url());
    settings.wait_replicas = 1;
    settings.timeout = std::time::Duration::from_secs(2);
    let store = store(&settings);
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    for number in 0..20 {
        store.put(digest(number), &kept, NOW).await.unwrap();
    }
    assert!(store.take(digest(0)).await.unwrap().is_some());
    assert_eq!(store.remove_user(kept.user).await.unwrap(), 19);
    for replica in &mut servers.servers()[3..] {
        replica.kill().unwrap();
    }
    store.put(digest(1), &kept, NOW).await.unwrap();
    let error = store.take(digest(1)).await.unwrap_err().to_string();
    assert!(error.contains("0 of 1 replicas"), "{error}");
}
