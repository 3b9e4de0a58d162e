//! The near cache of tokens: it is used while Redis reports changes, and no longer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use isogloss_core::TokenDigest;
use isogloss_core::store::TokenStore as _;
use isogloss_store_contract::token_store::{HOUR, NOW, digest, record};
use isogloss_testkit::relay::Relay;
use isogloss_testkit::servers::{ClusterServers, RedisServer, SentinelServers};
use tokio::time::sleep;
use uuid::Uuid;

use super::{at, settings, store};
use crate::RedisStore;
use crate::near_cache::LEASE;

/// More than anything takes here.
const PATIENCE: u32 = 3_000;
const GLANCE: Duration = Duration::from_millis(10);

async fn until(what: &str, mut happened: impl AsyncFnMut() -> bool) {
    for _ in 0..PATIENCE {
        if happened().await {
            return;
        }
        sleep(GLANCE).await;
    }
    panic!("not in 30 s: {what}");
}

fn hits(store: &RedisStore) -> u64 {
    store.cache_status().unwrap().hits
}

/// Returns whether the token is found in the near cache.
async fn is_kept(store: &RedisStore, token: TokenDigest) -> bool {
    let before = hits(store);
    store.get(token).await.is_ok_and(|found| found.is_some()) && hits(store) > before
}

async fn wait_until_kept(store: &RedisStore, token: TokenDigest) {
    until("it is kept", async || is_kept(store, token).await).await;
}

async fn put(store: &RedisStore, token: TokenDigest) {
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    store.put(token, &kept, NOW).await.unwrap();
}

/// Asserts that a token that ends at one gateway, in whichever way, ends at the other, too.
async fn ends_are_told(url: &str) {
    let (here, there) = (store(&settings(url)), store(&settings(url)));
    for (number, way) in [1, 2, 3]
        .into_iter()
        .zip(["take", "remove_user", "replace"])
    {
        let token = digest(number);
        let user = Uuid::new_v4();
        let kept = record(user, NOW, HOUR);
        here.put(token, &kept, NOW).await.unwrap();
        wait_until_kept(&here, token).await;
        wait_until_kept(&there, token).await;
        let mut moved = kept.clone();
        moved.expires_at += HOUR;
        let after = match way {
            "take" => there.remove(token).await.unwrap().and(None),
            "remove_user" => {
                assert_eq!(there.remove_user(user).await.unwrap(), 1);
                None
            }
            _ => {
                assert!(there.replace(token, &kept, &moved, NOW).await.unwrap());
                Some(Arc::new(moved))
            }
        };
        assert_eq!(there.get(token).await.unwrap(), after, "{way}, at once");
        until(way, async || here.get(token).await.unwrap() == after).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_tells_of_what_ends() {
    let server = RedisServer::start(&[]).unwrap();
    ends_are_told(&at(server.port())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_found_by_sentinels_tells_and_so_does_the_next() {
    let servers = SentinelServers::start(None, &[]).unwrap();
    ends_are_told(&servers.url()).await;
    let here = store(&settings(servers.url()));
    put(&here, digest(1)).await;
    wait_until_kept(&here, digest(1)).await;
    servers.fail_over().unwrap();
    until("the next one is asked", async || {
        let kept = record(Uuid::new_v4(), NOW, HOUR);
        here.put(digest(2), &kept, NOW).await.is_ok()
    })
    .await;
    wait_until_kept(&here, digest(2)).await;
    let there = store(&settings(servers.url()));
    until("it is taken", async || {
        there.remove(digest(2)).await.is_ok()
    })
    .await;
    until("it is known", async || {
        matches!(here.get(digest(2)).await, Ok(None))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_server_of_a_cluster_tells() {
    let servers = ClusterServers::start(None, &[]).unwrap();
    ends_are_told(&servers.url()).await;
    let (here, there) = (
        store(&settings(servers.url())),
        store(&settings(servers.url())),
    );
    // In all parts of the cluster.
    for number in 100..130 {
        put(&here, digest(number)).await;
        wait_until_kept(&here, digest(number)).await;
    }
    for number in 100..130 {
        there.remove(digest(number)).await.unwrap();
    }
    for number in 100..130 {
        until("it is known", async || {
            here.get(digest(number)).await.unwrap().is_none()
        })
        .await;
    }
}

/// Checks that a token that ends while a lookup of it is under way is not found in the near cache afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_token_that_ends_during_a_lookup_is_kept() {
    const TOKENS: u16 = 8_000;
    const READERS: usize = 4;
    let server = RedisServer::start(&[]).unwrap();
    let url = at(server.port());
    let (here, there) = (Arc::new(store(&settings(&url))), store(&settings(&url)));
    put(&here, digest(0)).await;
    wait_until_kept(&here, digest(0)).await;
    for number in 0..TOKENS {
        let token = digest(number);
        let kept = record(Uuid::new_v4(), NOW, HOUR);
        there.put(token, &kept, NOW).await.unwrap();
        let stop = Arc::new(AtomicBool::default());
        let readers: Vec<_> = (0..READERS)
            .map(|_| {
                let (here, stop) = (Arc::clone(&here), Arc::clone(&stop));
                tokio::spawn(async move {
                    while !stop.load(Ordering::Relaxed) {
                        here.get(token).await.unwrap();
                    }
                })
            })
            .collect();
        assert!(there.remove(token).await.unwrap().is_some());
        stop.store(true, Ordering::Relaxed);
        for reader in readers {
            reader.await.unwrap();
        }
    }
    sleep(Duration::from_millis(100)).await;
    for number in 0..TOKENS {
        assert_eq!(here.get(digest(number)).await.unwrap(), None, "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_cut_off_believes_what_is_kept_for_a_second_and_no_longer() {
    let server = RedisServer::start(&[]).unwrap();
    let relay = Relay::to(server.port()).unwrap();
    let here = store(&settings(at(relay.port())));
    let there = store(&settings(at(server.port())));
    put(&there, digest(1)).await;
    wait_until_kept(&here, digest(1)).await;
    relay.stall();
    assert!(there.remove(digest(1)).await.unwrap().is_some());
    sleep(LEASE).await;
    let asked = tokio::time::timeout(GLANCE * 10, here.get(digest(1))).await;
    assert!(!matches!(asked, Ok(Ok(Some(_)))), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_connection_takes_all_with_it_and_comes_back() {
    let server = RedisServer::start(&[]).unwrap();
    let here = store(&settings(at(server.port())));
    put(&here, digest(1)).await;
    wait_until_kept(&here, digest(1)).await;
    server.ask(&["CLIENT", "KILL", "TYPE", "normal"]).unwrap();
    until("nothing is kept", async || {
        here.cache_status().unwrap().entries == 0
    })
    .await;
    wait_until_kept(&here, digest(1)).await;
    server.ask(&["FLUSHALL"]).unwrap();
    until("it is gone", async || {
        here.get(digest(1)).await.unwrap().is_none()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_may_not_tell_is_asked_each_time() {
    let server = RedisServer::start(&[]).unwrap();
    let user = "isogloss on >pass ~isogloss:* +@all -client|tracking";
    let user: Vec<_> = ["ACL", "SETUSER"]
        .into_iter()
        .chain(user.split(' '))
        .collect();
    server.ask(&user).unwrap();
    let here = store(&settings(format!(
        "redis://isogloss:pass@127.0.0.1:{}",
        server.port()
    )));
    put(&here, digest(1)).await;
    for _ in 0..50 {
        assert!(here.get(digest(1)).await.unwrap().is_some());
        sleep(GLANCE).await;
    }
    assert_eq!(here.cache_status().unwrap().entries, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_unknown_tokens_leaves_the_hot_ones_where_they_are() {
    let server = RedisServer::start(&[]).unwrap();
    let here = store(&settings(at(server.port())));
    for number in 0..64 {
        put(&here, digest(number)).await;
        wait_until_kept(&here, digest(number)).await;
    }
    for number in 1_000..9_000 {
        assert_eq!(here.get(digest(number)).await.unwrap(), None);
    }
    for number in 0..64 {
        assert!(is_kept(&here, digest(number)).await, "{number}");
    }
}
