//! Revocations that wait for replicas.

use std::time::Duration;

use futures_util::future::join_all;
use isogloss_core::store::{Record, Redemption, TokenStore as _};
use isogloss_store_contract::token_store::{HOUR, NOW, digest, record};
use isogloss_testkit::servers::{
    ClusterServers, RedisServer, SentinelServers, begin_move, move_keys,
};
use uuid::Uuid;

use super::super::keys::{KeyPrefix, Keys};
use super::{at, settings, store};
use crate::RedisStore;

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_that_no_replica_has_counts_as_failed() {
    let server = RedisServer::start(&[]).unwrap();
    let mut settings = settings(at(server.port()));
    settings.wait_replicas = 1;
    settings.timeout = Duration::from_millis(400);
    let store = store(&settings);
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    for number in 0..3 {
        store.put(digest(number), &kept, NOW).await.unwrap();
    }
    let error = store.remove(digest(0)).await.unwrap_err().to_string();
    assert!(error.contains("0 of 1 replicas"), "{error}");
    // Asking again does not make it certain.
    assert!(store.remove(digest(0)).await.is_err());
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
        assert!(store.remove(digest(number)).await.unwrap().is_some());
    }
    assert_eq!(store.remove_user(kept.user).await.unwrap(), 10);
    for replica in servers.replicas().unwrap() {
        assert_eq!(replica.ask(&["KEYS", "isogloss:t:*"]).unwrap(), "");
    }
    assert!(servers.primary().is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_lags_makes_a_repeated_revocation_fail_too() {
    let primary = RedisServer::start(&[]).unwrap();
    let port = primary.port().to_string();
    let replica = RedisServer::start(&["--replicaof", "127.0.0.1", &port]).unwrap();
    isogloss_testkit::servers::wait_until("the replica is connected", || {
        primary
            .ask(&["ROLE"])
            .is_ok_and(|role| role.contains("127.0.0.1"))
    })
    .unwrap();
    let mut settings = settings(at(primary.port()));
    settings.wait_replicas = 1;
    settings.timeout = Duration::from_secs(4);
    let store = store(&settings);
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    store.put(digest(1), &kept, NOW).await.unwrap();
    store.put(digest(2), &kept, NOW).await.unwrap();
    assert!(store.remove(digest(1)).await.unwrap().is_some());

    replica.stall().unwrap();
    assert!(store.remove(digest(2)).await.is_err());
    assert!(store.remove(digest(2)).await.is_err());
    replica.go_on().unwrap();
    // What was answered as unavailable is repeated, and done.
    assert_eq!(store.remove(digest(2)).await.unwrap(), Some(kept));
    assert_eq!(store.remove(digest(2)).await.unwrap(), None);
}

/// Returns a store whose revocations no replica acknowledges, and a store on the same server that waits for no
/// replica, as if the replicas were back.
fn without_and_with_replicas(server: &RedisServer) -> [RedisStore; 2] {
    let mut waiting = settings(at(server.port()));
    waiting.wait_replicas = 1;
    waiting.timeout = Duration::from_secs(1);
    [store(&waiting), store(&settings(at(server.port())))]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_no_replica_has_opens_nothing_and_can_be_repeated() {
    let server = RedisServer::start(&[]).unwrap();
    let [without, with] = without_and_with_replicas(&server);
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    without.put(digest(1), &kept, NOW).await.unwrap();
    for _ in 0..2 {
        assert!(without.remove(digest(1)).await.is_err());
        let left = without.get(digest(1)).await.unwrap().unwrap();
        assert!(left.is_end_unconfirmed);
        assert!(!left.is_live(NOW));
        assert_eq!(without.list_by_user(kept.user).await.unwrap().len(), 1);
    }
    assert_eq!(with.remove(digest(1)).await.unwrap(), Some(kept.clone()));
    assert_eq!(with.remove(digest(1)).await.unwrap(), None);
    assert_eq!(with.list_by_user(kept.user).await.unwrap(), []);
    // What is not there any more may have been ended, and that not confirmed.
    assert!(without.remove(digest(1)).await.is_err());
    assert!(without.remove_user(kept.user).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_repeat_a_use_that_no_replica_has_one_gets_the_token() {
    let server = RedisServer::start(&[]).unwrap();
    let [without, with] = without_and_with_replicas(&server);
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    let spent = Record {
        spent: Some(Redemption::default()),
        ..kept.clone()
    };
    without.put(digest(1), &kept, NOW).await.unwrap();
    for _ in 0..2 {
        let used = without.replace(digest(1), &kept, &spent, NOW).await;
        assert!(used.is_err());
        assert_eq!(
            without.list_by_user(kept.user).await.unwrap(),
            [(digest(1), kept.clone())]
        );
    }
    let repeated = (0..16).map(|_| with.replace(digest(1), &kept, &spent, NOW));
    let used = join_all(repeated).await.into_iter().map(Result::unwrap);
    assert_eq!(used.filter(|used| *used).count(), 1);
    assert_eq!(with.get(digest(1)).await.unwrap().as_deref(), Some(&spent));
}

/// Checks that ending a token waits for the replicas of the server that it was redirected to. The token is written on
/// a connection that is opened for the redirect, and `WAIT` covers no other.
#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_is_redirected_waits_where_it_was_done() {
    let mut servers = ClusterServers::start(None, &["--cluster-node-timeout", "60000"]).unwrap();
    let mut settings = settings(servers.url());
    settings.wait_replicas = 1;
    settings.timeout = Duration::from_secs(1);
    let store = store(&settings);
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    store.put(digest(1), &kept, NOW).await.unwrap();
    store.put(digest(2), &kept, NOW).await.unwrap();
    assert!(store.remove(digest(2)).await.unwrap().is_some());
    let key = Keys::under(KeyPrefix::default()).token(digest(1));
    let key = String::from_utf8(key).unwrap();
    let servers = servers.servers();
    let has = |server: &&RedisServer| {
        server
            .ask(&["EXISTS", &key])
            .is_ok_and(|found| found == "1")
    };
    let from = servers[..3].iter().find(has).unwrap();
    let to = &servers[usize::from(from.port() == servers[0].port())];
    let slot = from.ask(&["CLUSTER", "KEYSLOT", &key]).unwrap();
    begin_move(&slot, from, to).unwrap();
    move_keys(&[key.clone().into()], from, to).unwrap();
    for replica in &servers[3..] {
        replica.stall().unwrap();
    }
    let error = store.remove(digest(1)).await.unwrap_err().to_string();
    assert!(error.contains("0 of 1 replicas"), "{error}");
    for replica in &servers[3..] {
        replica.go_on().unwrap();
    }
    assert_eq!(store.remove(digest(1)).await.unwrap(), Some(kept));
}

/// Checks that ending a user's tokens fails until every shard has confirmed earlier ends. Those were written over
/// other connections. A token that arrived in between is ended and confirmed by its shard, which says nothing about
/// the other shards.
#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_one_shard_has_not_confirmed_stays_unavailable_until_it_has() {
    let mut servers = ClusterServers::start(None, &["--cluster-node-timeout", "60000"]).unwrap();
    let mut settings = settings(servers.url());
    settings.wait_replicas = 1;
    settings.timeout = Duration::from_secs(1);
    let here = store(&settings);
    for stalled in 3..6 {
        let there = store(&settings);
        // Its connections are older than what they are to confirm.
        there.confirm_earlier_writes().await.unwrap();
        let kept = record(Uuid::new_v4(), NOW, HOUR);
        for number in 0..20 {
            here.put(digest(number), &kept, NOW).await.unwrap();
        }
        servers.servers()[stalled].stall().unwrap();
        assert!(here.remove_user(kept.user).await.is_err());
        assert!(there.confirm_earlier_writes().await.is_err(), "{stalled}");
        there.put(digest(20), &kept, NOW).await.unwrap();
        assert!(there.remove_user(kept.user).await.is_err(), "{stalled}");
        servers.servers()[stalled].go_on().unwrap();
        while there.remove_user(kept.user).await.is_err() {}
        assert_eq!(there.list_by_user(kept.user).await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_waits_too() {
    let mut servers = ClusterServers::start(None, &[]).unwrap();
    let mut settings = settings(servers.url());
    settings.wait_replicas = 1;
    settings.timeout = Duration::from_secs(2);
    let store = store(&settings);
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    for number in 0..20 {
        store.put(digest(number), &kept, NOW).await.unwrap();
    }
    assert!(store.remove(digest(0)).await.unwrap().is_some());
    assert_eq!(store.remove_user(kept.user).await.unwrap(), 19);
    for replica in &mut servers.servers()[3..] {
        replica.kill().unwrap();
    }
    store.put(digest(1), &kept, NOW).await.unwrap();
    let error = store.remove(digest(1)).await.unwrap_err().to_string();
    assert!(error.contains("0 of 1 replicas"), "{error}");
}
