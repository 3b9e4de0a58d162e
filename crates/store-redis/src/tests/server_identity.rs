//! One name that leads to different servers, and a failover in which the old primary stands still.

use std::time::{Duration, Instant};

use isogloss_core::backend::NearCache;
use isogloss_core::store::TokenStore as _;
use isogloss_store_contract::token_store::{HOUR, NOW, digest, record};
use isogloss_testkit::relay::{Direction, Relay};
use isogloss_testkit::servers::{RedisServer, SentinelServers, wait_until};
use tokio::runtime::Builder;
use tokio::time::sleep;
use uuid::Uuid;

use super::{RedisSettings, at, settings, silence, store};
use crate::RedisStore;

fn brief(url: String) -> RedisSettings {
    let second = Duration::from_secs(1);
    RedisSettings {
        timeout: second,
        connect_timeout: second,
        pool_timeout: second,
        ..settings(url)
    }
}

async fn put(store: &RedisStore, number: u16) {
    let kept = record(Uuid::nil(), NOW, HOUR);
    store.put(digest(number), &kept, NOW).await.unwrap();
}

/// Waits until a token is found in the near cache.
async fn wait_until_kept(store: &RedisStore, number: u16) {
    for _ in 0..3_000 {
        let found = store.get(digest(number)).await;
        if found.is_ok_and(|found| found.is_some()) && store.get_cached(digest(number)).is_some() {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("it is not kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_server_tells_is_not_believed_once_another_is_queried() {
    let (first, second) = (
        RedisServer::start(&[]).unwrap(),
        RedisServer::start(&[]).unwrap(),
    );
    let relay = Relay::to(first.port()).unwrap();
    let here = store(&brief(at(relay.port())));
    let there = store(&brief(at(second.port())));
    put(&here, 1).await;
    put(&there, 1).await;
    wait_until_kept(&here, 1).await;
    // As when a name leads elsewhere from now on.
    relay.lead_to(second.port());
    silence(&relay, "ROLE", "TRACKING");
    while here.ping().await.is_err() {}
    there.remove(digest(1)).await.unwrap();
    assert_eq!(here.get(digest(1)).await.unwrap(), None);
    // In time the other one tells.
    put(&there, 2).await;
    wait_until_kept(&here, 2).await;
    there.remove(digest(2)).await.unwrap();
    let ended = Instant::now();
    while here.get(digest(2)).await.unwrap().is_some() {
        assert!(ended.elapsed() < Duration::from_secs(1));
    }
}

/// Checks that the pool moves to the server to which the connection for invalidations was opened. The server that the
/// name led to before stays up, and is a primary of its own.
#[tokio::test(flavor = "multi_thread")]
async fn the_pool_moves_when_the_connection_that_tells_was_made_to_another_server() {
    let (first, second) = (
        RedisServer::start(&[]).unwrap(),
        RedisServer::start(&[]).unwrap(),
    );
    let relay = Relay::to(first.port()).unwrap();
    let here = store(&brief(at(relay.port())));
    let there = store(&brief(at(second.port())));
    put(&here, 1).await;
    put(&there, 2).await;
    wait_until_kept(&here, 1).await;
    relay.lead_to(second.port());
    let tracker = relay.connections();
    let tracker = tracker.iter().find(|one| one.has_sent("TRACKING"));
    tracker.unwrap().silence();
    wait_until_kept(&here, 2).await;
    assert_eq!(here.get(digest(1)).await.unwrap(), None);
    assert!(here.remove(digest(2)).await.unwrap().is_some());
    assert_eq!(there.get(digest(2)).await.unwrap(), None);
}

#[test]
fn a_worker_queries_no_other_server_than_the_one_that_tells() {
    let (first, second) = (
        RedisServer::start(&[]).unwrap(),
        RedisServer::start(&[]).unwrap(),
    );
    let relay = Relay::to(first.port()).unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let there = store(&brief(at(second.port())));
        put(&there, 1).await;
        let here = store(&brief(at(relay.port())));
        let near = here.near_cache.clone().unwrap();
        wait_until("Redis reports changes", || {
            near.lookup_connections().is_some()
        })
        .unwrap();
        relay.lead_to(second.port());
        // The first of these makes the worker connect.
        for _ in 0..50 {
            assert_eq!(here.get(digest(1)).await.unwrap(), None);
            sleep(Duration::from_millis(5)).await;
        }
    });
}

/// Checks that the result of a lookup is not cached if a token ends while no invalidations arrive. The lookup begins
/// while the near cache appears valid, and continues after the cache has become invalid.
#[tokio::test(flavor = "multi_thread")]
async fn a_lookup_that_began_while_nothing_was_told_is_not_kept() {
    let server = RedisServer::start(&[]).unwrap();
    let relay = Relay::to(server.port()).unwrap();
    let here = store(&settings(at(relay.port())));
    put(&here, 1).await;
    wait_until_kept(&here, 1).await;
    let near = here.near_cache.clone().unwrap();
    let seen: &NearCache<_, _> = near.valid_cache().unwrap();
    let stale = seen.get(&digest(1)).unwrap();
    let tracker = relay.when_sent("TRACKING", 1, |one| one.stall(Direction::Requests));
    server.ask(&["CLIENT", "KILL", "TYPE", "normal"]).unwrap();
    let tracker = tracker.await.unwrap();
    let ticket = seen.get_or_ticket(&digest(1)).unwrap_err();
    assert!(near.valid_cache().is_none());
    // Nothing tells of this.
    let there = store(&settings(at(server.port())));
    there.remove(digest(1)).await.unwrap();
    tracker.go_on(Direction::Requests);
    wait_until("changes are reported again", || {
        near.valid_cache().is_some()
    })
    .unwrap();
    seen.insert(digest(1), stale, ticket);
    assert_eq!(here.get(digest(1)).await.unwrap(), None);
}

/// Checks that no ended token is accepted for more than a second through a primary that was paused. The old primary
/// is alive as far as TCP can tell, and serves again before it learns of the new one.
#[tokio::test(flavor = "multi_thread")]
async fn no_ended_token_is_accepted_through_a_primary_that_stood_still() {
    let mut servers = SentinelServers::start(None, &[]).unwrap();
    let (here, there) = (store(&brief(servers.url())), store(&brief(servers.url())));
    for number in 1..4 {
        put(&here, number).await;
        wait_until_kept(&here, number).await;
    }
    servers.stall_primary().unwrap();
    // Each token is ended once the other primary accepts it. The near cache may serve it for one second more.
    let mut ended = Vec::new();
    for number in 1..4 {
        while there.remove(digest(number)).await.is_err() {}
        ended.push((number, Instant::now()));
    }
    let old = servers.stalled().unwrap();
    old.go_on().unwrap();
    let begun = Instant::now();
    let mut answers = 0;
    while begun.elapsed() < Duration::from_secs(4) {
        for (number, since) in &ended {
            let since = since.elapsed();
            match here.get(digest(*number)).await {
                Ok(Some(_)) => assert!(since < Duration::from_secs(1), "{number}: {since:?}"),
                Ok(None) => answers += 1,
                Err(_) => {}
            }
        }
        sleep(Duration::from_millis(5)).await;
    }
    assert!(answers > 0);
}
