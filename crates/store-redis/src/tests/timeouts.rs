//! Connections that go silent without breaking: each is given up, and answers are right again in time.

use std::future::Future;
use std::time::{Duration, Instant};

use isogloss_core::SystemClock;
use isogloss_core::store::TokenStore as _;
use isogloss_store_contract::token_store::{HOUR, NOW, digest, record};
use isogloss_testkit::relay::Relay;
use isogloss_testkit::servers::{ClusterServers, RedisServer, wait_until};
use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;
use uuid::Uuid;

use super::{RedisSettings, at, settings, silence, store};
use crate::RedisStore;

const TIMEOUT: Duration = Duration::from_millis(300);

fn brief(url: String) -> RedisSettings {
    RedisSettings {
        timeout: TIMEOUT,
        connect_timeout: TIMEOUT,
        pool_timeout: TIMEOUT,
        ..settings(url)
    }
}

/// Returns a runtime with one thread, like that of a worker.
fn worker() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Stores tokens over a connection that is not disturbed.
async fn put_many(url: String, numbers: std::ops::Range<u16>) {
    let there = store(&settings(url));
    for number in numbers {
        let kept = record(Uuid::new_v4(), NOW, HOUR);
        there.put(digest(number), &kept, NOW).await.unwrap();
    }
}

/// Looks up a token that does not exist until this thread does so over a connection of its own.
async fn has_its_own(here: &RedisStore, server: &RedisServer) {
    for _ in 0..3_000 {
        let unknown = here.get(digest(999)).await;
        let list = server.ask(&["CLIENT", "LIST"]).unwrap();
        let is_own = |line: &str| line.contains("cmd=get ") && line.contains("flags=N ");
        if unknown.is_ok() && list.lines().any(is_own) {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("the worker gets no connection of its own");
}

/// Runs a test in a worker that has a connection of its own. The test receives the store, the relay that the store's
/// connections lead through, and the port of the server.
fn with_worker<F: Future>(test: impl FnOnce(RedisStore, Relay, u16) -> F) {
    let server = RedisServer::start(&[]).unwrap();
    let relay = Relay::to(server.port()).unwrap();
    worker().block_on(async {
        put_many(at(server.port()), 0..10).await;
        let here = store(&brief(at(relay.port())));
        let near = here.near_cache.clone().unwrap();
        wait_until("Redis reports changes", || {
            near.lookup_connections().is_some()
        })
        .unwrap();
        has_its_own(&here, &server).await;
        test(here, relay, server.port()).await;
    });
}

#[test]
fn a_worker_whose_own_connection_is_silent_fails_once() {
    with_worker(|here, relay, _| async move {
        silence(&relay, "GET", "TRACKING");
        let failed = here.get(digest(0)).await.unwrap_err().to_string();
        assert!(failed.contains(&relay.port().to_string()), "{failed}");
        for number in 0..10 {
            let found = here.get(digest(number)).await.unwrap();
            assert!(found.is_some(), "{number}");
        }
    });
}

#[test]
fn a_silent_connection_of_a_worker_is_noticed_by_the_health_check() {
    with_worker(|here, relay, _| async move {
        silence(&relay, "GET", "TRACKING");
        let health = here.health(&SystemClock).await.unwrap_err().to_string();
        let place = format!("redis: 127.0.0.1:{}: ", relay.port());
        assert!(health.starts_with(&place), "{health}");
        here.health(&SystemClock).await.unwrap();
        assert!(here.get(digest(0)).await.unwrap().is_some());
    });
}

#[test]
fn all_connections_are_silent_and_answers_are_right_again_in_time() {
    with_worker(|here, relay, _| async move {
        let open = relay.connections();
        assert!(open.len() >= 2);
        for one in open {
            one.silence();
        }
        let begun = Instant::now();
        let mut number = 0;
        let mut ended = None;
        while begun.elapsed() < TIMEOUT * 10 && number < 10 {
            match here.get(digest(number)).await {
                Ok(found) => {
                    assert!(found.is_some(), "{number}");
                    ended.get_or_insert(begun.elapsed());
                    number += 1;
                }
                Err(_) => ended = None,
            }
        }
        // The time-out and a second.
        assert!(
            ended.is_some_and(|ended| ended <= TIMEOUT + Duration::from_secs(1)),
            "{ended:?}"
        );
    });
}

/// Returns relays in front of the servers of a cluster, which announce the relays, and the address of the
/// cluster.
fn relayed(servers: &mut ClusterServers) -> (Vec<Relay>, String) {
    let relays: Vec<_> = servers
        .servers()
        .iter()
        .map(|server| {
            let relay = Relay::to(server.port()).unwrap();
            let port = relay.port().to_string();
            let set = ["CONFIG", "SET", "cluster-announce-port", &port];
            server.ask(&set).unwrap();
            relay
        })
        .collect();
    let url = format!("redis+cluster://127.0.0.1:{}", relays[0].port());
    for server in servers.servers() {
        wait_until("all are known by their relays", || {
            let slots = server.ask(&["CLUSTER", "SLOTS"]).unwrap();
            relays
                .iter()
                .all(|relay| slots.contains(&relay.port().to_string()))
        })
        .unwrap();
    }
    (relays, url)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_silent_connection_in_a_cluster_fails_once() {
    let mut servers = ClusterServers::start_primaries("127.0.0.1", (3, 0), &[]).unwrap();
    let (relays, url) = relayed(&mut servers);
    put_many(url.clone(), 0..30).await;
    let here = store(&RedisSettings {
        near_cache: 0,
        ..brief(url)
    });
    here.ping().await.unwrap();
    for number in 0..30 {
        assert!(here.get(digest(number)).await.unwrap().is_some());
    }
    silence(&relays[1], "GET", "TRACKING");
    let place = relays[1].port().to_string();
    let mut failures = Vec::new();
    // Those of the other servers in between are answered.
    for number in (0..30).chain(0..30) {
        match here.get(digest(number)).await {
            Ok(found) => assert!(found.is_some(), "{number}"),
            Err(error) => failures.push(error.to_string()),
        }
    }
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert!(failures[0].contains(&place), "{failures:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_stalled_server_of_a_cluster_does_not_hold_up_the_others() {
    let mut servers =
        ClusterServers::start_primaries("127.0.0.1", (3, 0), &["--cluster-node-timeout", "60000"])
            .unwrap();
    let here = store(&RedisSettings {
        near_cache: 0,
        ..brief(servers.url())
    });
    put_many(servers.url(), 0..12).await;
    servers.servers()[1].stall().unwrap();
    let mut found = Vec::new();
    for number in 0..12 {
        found.push(here.get(digest(number)).await.is_ok());
    }
    let alive = found.iter().filter(|found| **found).count();
    assert!((4..12).contains(&alive), "{alive}");
    for (number, was_found) in (0..12).zip(found.clone()) {
        assert_eq!(
            here.get(digest(number)).await.is_ok(),
            was_found,
            "{number}"
        );
    }
    servers.servers()[1].go_on().unwrap();
    for number in 0..12 {
        let mut tries = 0;
        while here.get(digest(number)).await.is_err() {
            tries += 1;
            assert!(tries < 10, "{number}");
        }
    }
}

/// Returns how many connections to a port there are, and for how many of them the kernel sends keepalive
/// probes.
fn kept_alive(port: u16) -> (usize, usize) {
    let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
    let fields = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    let to = format!(":{port:04X}");
    let ours: Vec<_> = fields
        .filter(|fields| fields.len() > 5 && fields[2].ends_with(&to) && fields[3] == "01")
        .collect();
    let alive = ours.iter().filter(|fields| fields[5].starts_with("02:"));
    (ours.len(), alive.count())
}

#[test]
fn every_connection_is_asked_for_a_sign_of_life_by_the_kernel() {
    let server = RedisServer::start(&[]).unwrap();
    worker().block_on(async {
        let here = store(&settings(at(server.port())));
        let near = here.near_cache.clone().unwrap();
        wait_until("Redis reports changes", || {
            near.lookup_connections().is_some()
        })
        .unwrap();
        here.ping().await.unwrap();
        has_its_own(&here, &server).await;
        // The one that tells, the worker's own, one of the pool.
        wait_until("all are idle", || {
            let (all, alive) = kept_alive(server.port());
            all >= 3 && all == alive
        })
        .unwrap();
    });
    let mut servers = ClusterServers::start_primaries("127.0.0.1", (3, 0), &[]).unwrap();
    worker().block_on(async {
        let here = store(&settings(servers.url()));
        here.ping().await.unwrap();
        for server in servers.servers() {
            let port = server.port();
            wait_until("all are idle", || {
                let (all, alive) = kept_alive(port);
                all >= 1 && all == alive
            })
            .unwrap();
        }
    });
}
