//! Threads that answer requests, each with a connection of its own for lookups.

use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::thread;
use std::time::Duration;

use futures_util::future::join_all;
use isogloss_core::store::TokenStore as _;
use isogloss_store_contract::token_store::{HOUR, NOW, digest, record};
use isogloss_testkit::servers::{RedisServer, wait_until};
use tokio::runtime::Builder;
use uuid::Uuid;

use super::{RedisSettings, at, settings, store};
use crate::RedisStore;

const WORKERS: usize = 4;

/// Returns the identifiers of connections that look tokens up and receive no invalidations.
fn own(server: &RedisServer) -> Vec<String> {
    let list = server.ask(&["CLIENT", "LIST"]).unwrap();
    let own = list.lines().filter(|line| {
        let field = |name: &str| line.split(' ').any(|field| field == name);
        field("cmd=get") && field("flags=N")
    });
    own.filter_map(|line| Some(line.split(' ').next()?.strip_prefix("id=")?.to_owned()))
        .collect()
}

/// Starts threads that look up the token of the number in `number`, until `stop` is true.
fn work<'s>(
    scope: &'s thread::Scope<'s, '_>,
    store: &'s RedisStore,
    (number, stop): (&'s AtomicU16, &'s AtomicBool),
) {
    for _ in 0..WORKERS {
        scope.spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                while !stop.load(Ordering::Relaxed) {
                    let number = number.load(Ordering::Relaxed);
                    store.get(digest(number)).await.unwrap();
                }
            });
        });
    }
}

/// Returns a store that receives invalidations. Nothing else has been sent to Redis.
fn told(settings: &RedisSettings) -> RedisStore {
    let store = store(settings);
    let near = store.near_cache.as_ref().unwrap();
    wait_until("Redis reports changes", || {
        near.lookup_connections().is_some()
    })
    .unwrap();
    store
}

/// Runs `what` while threads look up the token of the number in `number`.
fn while_they_work(store: &RedisStore, number: &AtomicU16, what: impl FnOnce()) {
    let stop = AtomicBool::default();
    thread::scope(|scope| {
        work(scope, store, (number, &stop));
        // They stop even if something fails.
        let stopping = Stopping(&stop);
        what();
        drop(stopping);
    });
}

struct Stopping<'s>(&'s AtomicBool);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn each_thread_has_one_and_gets_another_if_it_breaks() {
    let server = RedisServer::start(&[]).unwrap();
    let store = told(&settings(at(server.port())));
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    while_they_work(&store, &AtomicU16::new(1), || {
        wait_until("each has one", || own(&server).len() == WORKERS).unwrap();
        let before = own(&server);
        for id in &before {
            server.ask(&["CLIENT", "KILL", "ID", id]).unwrap();
        }
        wait_until("each has another", || {
            // Those of the pool have helped out, and are asked something else now.
            runtime.block_on(join_all((0..8).map(|_| store.ping())));
            let now = own(&server);
            now.len() == WORKERS && now.iter().all(|id| !before.contains(id))
        })
        .unwrap();
    });
}

#[test]
fn a_setting_has_them_share_one() {
    let server = RedisServer::start(&[]).unwrap();
    let store = told(&RedisSettings {
        worker_connections: false,
        ..settings(at(server.port()))
    });
    let asked = || server.ask(&["INFO", "commandstats"]).unwrap();
    while_they_work(&store, &AtomicU16::new(1), || {
        wait_until("they look up", || asked().contains("cmdstat_get")).unwrap();
        thread::sleep(Duration::from_millis(500));
        assert!(own(&server).is_empty());
    });
}

/// Checks that a token that ends during a lookup is not found in the near cache afterwards, although lookups and
/// invalidations use different connections.
#[test]
fn no_token_that_ends_during_a_lookup_is_kept() {
    const TOKENS: u16 = 4_000;
    let server = RedisServer::start(&[]).unwrap();
    let url = at(server.port());
    let (here, there) = (told(&settings(&url)), store(&settings(&url)));
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    let number = AtomicU16::new(TOKENS);
    while_they_work(&here, &number, || {
        wait_until("each has one", || own(&server).len() == WORKERS).unwrap();
        runtime.block_on(async {
            for token in 0..TOKENS {
                let kept = record(Uuid::new_v4(), NOW, HOUR);
                there.put(digest(token), &kept, NOW).await.unwrap();
                number.store(token, Ordering::Relaxed);
                assert!(there.remove(digest(token)).await.unwrap().is_some());
            }
        });
    });
    thread::sleep(Duration::from_millis(100));
    runtime.block_on(async {
        for token in 0..TOKENS {
            assert_eq!(here.get(digest(token)).await.unwrap(), None, "{token}");
        }
    });
}
