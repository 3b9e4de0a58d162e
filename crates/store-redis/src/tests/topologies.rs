//! Clusters of every kind: what ends at one gateway ends at the other, everything is listed, and a cluster
//! that does not serve all slots is unavailable everywhere.

use std::collections::BTreeSet;
use std::ops::{ControlFlow, Range};
use std::time::{Duration, Instant};

use isogloss_core::store::TokenStore as _;
use isogloss_core::throttle::Throttle as _;
use isogloss_core::{StoreError, SystemClock, TokenDigest};
use isogloss_store_contract::token_store::{HOUR, NOW, digest, record};
use isogloss_testkit::servers::{ClusterServers, RedisServer, TOPOLOGIES, move_slot};
use tokio::time::sleep;
use uuid::Uuid;

use super::super::keys::{KeyPrefix, Keys};
use super::{settings, store};
use crate::RedisStore;

/// Tokens whose keys are text without line feeds.
const TOKENS: Range<u16> = 32..92;

/// Returns the digests of all tokens in a store.
async fn listed(store: &RedisStore) -> Result<BTreeSet<TokenDigest>, StoreError> {
    let mut found = BTreeSet::new();
    let mut visit = |digest, _| {
        found.insert(digest);
        ControlFlow::Continue(())
    };
    store.scan(&mut visit).await?;
    Ok(found)
}

async fn put_all(store: &RedisStore) {
    for number in TOKENS {
        let kept = record(Uuid::new_v4(), NOW, HOUR);
        store.put(digest(number), &kept, NOW).await.unwrap();
    }
}

/// Waits until a token is found in the near cache.
async fn wait_until_kept(store: &RedisStore, token: TokenDigest) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while store.get_cached(token).is_none() {
        store.get(token).await.unwrap();
        assert!(Instant::now() < deadline, "never kept");
        sleep(Duration::from_millis(5)).await;
    }
}

/// Returns whether a token that was ended elsewhere is refused within a second.
async fn is_refused_in_time(store: &RedisStore, token: TokenDigest) -> bool {
    let deadline = Instant::now() + Duration::from_secs(1);
    while store.get(token).await.unwrap().is_some() {
        if Instant::now() > deadline {
            return false;
        }
        sleep(Duration::from_millis(5)).await;
    }
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn in_each_kind_of_cluster_what_ends_at_one_gateway_ends_at_the_other() {
    for topology in TOPOLOGIES {
        let name = topology.name;
        let mut servers = topology.start().unwrap();
        let settings = settings(servers.url());
        let (here, there) = (store(&settings), store(&settings));
        put_all(&here).await;
        assert_eq!(listed(&there).await.unwrap().len(), TOKENS.len(), "{name}");
        for number in TOKENS {
            wait_until_kept(&here, digest(number)).await;
            assert!(there.remove(digest(number)).await.unwrap().is_some());
            let refused = is_refused_in_time(&here, digest(number)).await;
            assert!(refused, "{name}: {number} lives on");
        }
        assert_eq!(listed(&there).await.unwrap().len(), 0, "{name}");
        let health = there.health(&SystemClock).await.unwrap();
        assert_eq!(health.servers.len(), topology.primaries, "{name}");
        assert_eq!(health.findings, [], "{name}");
        there.ping().await.unwrap();

        // One slot is lost, of which no server but its own knows at first.
        put_all(&here).await;
        wait_until_kept(&here, digest(TOKENS.start)).await;
        for server in servers.servers() {
            server.ask(&["CLUSTER", "DELSLOTS", "0"]).unwrap();
        }
        assert!(listed(&there).await.is_err(), "{name}");
        assert!(there.throttle().clear(NOW).await.is_err(), "{name}");
        assert!(there.health(&SystemClock).await.is_err(), "{name}");
        assert!(there.ping().await.is_err(), "{name}");
        let deadline = Instant::now() + Duration::from_secs(30);
        while here.get_cached(digest(TOKENS.start)).is_some() {
            assert!(Instant::now() < deadline, "{name}: still believed");
            sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_tokens_are_listed_and_ended_while_slots_move() {
    for arguments in [
        &[][..],
        &["--cluster-preferred-endpoint-type", "unknown-endpoint"],
    ] {
        // The third server has no slots yet.
        let servers = ClusterServers::start_primaries("127.0.0.1", (2, 1), arguments);
        let mut servers = servers.unwrap();
        let settings = settings(servers.url());
        let (here, there) = (store(&settings), store(&settings));
        put_all(&here).await;
        let keys = Keys::under(KeyPrefix::default());
        let mut scan = there.client.scan(&keys.tokens()).await.unwrap();
        // The first server to be listed has been, and none of the others.
        let mut found: BTreeSet<_> = scan
            .next_page()
            .await
            .unwrap()
            .unwrap()
            .into_iter()
            .collect();
        let servers = servers.servers();
        for number in TOKENS {
            let key = String::from_utf8(keys.token(digest(number))).unwrap();
            let holds = |one: &&RedisServer| one.ask(&["EXISTS", &key]).is_ok_and(|is| is == "1");
            let from = servers.iter().find(holds).unwrap();
            let to = if found.contains(key.as_bytes()) {
                &servers[2]
            } else {
                let was_listed = |one: &&RedisServer| one.port() != from.port();
                servers[..2].iter().find(was_listed).unwrap()
            };
            if from.port() != to.port() {
                let slot = from.ask(&["CLUSTER", "KEYSLOT", &key]).unwrap();
                move_slot(&slot, from, to, servers).unwrap();
            }
            assert!(here.get(digest(number)).await.unwrap().is_some());
        }
        while let Some(page) = scan.next_page().await.unwrap() {
            found.extend(page);
        }
        assert_eq!(found.len(), TOKENS.len(), "{arguments:?}");
        for number in TOKENS {
            assert!(there.remove(digest(number)).await.unwrap().is_some());
            assert!(is_refused_in_time(&here, digest(number)).await);
        }
    }
}
