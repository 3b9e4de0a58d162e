//! A connection is used again.

use std::collections::BTreeSet;
use std::time::Duration;

use isogloss_core::store::TokenStore as _;
use isogloss_store_contract::token_store::{HOUR, NOW, digest, record};
use isogloss_testkit::relay::Relay;
use isogloss_testkit::servers::{RedisServer, wait_until};
use tokio::runtime::Builder;
use tokio::time::sleep;
use uuid::Uuid;

use super::concurrent_changes::{hold, let_go};
use super::contracts::access_list;
use super::{RedisSettings, at, settings, store};

/// Returns how many connections the server has accepted, including that of this query.
fn taken(server: &RedisServer) -> usize {
    let said = server.ask(&["INFO", "stats"]).unwrap();
    let mut lines = said.lines();
    let number = lines.find_map(|line| line.strip_prefix("total_connections_received:"));
    number.unwrap().trim().parse().unwrap()
}

#[test]
fn a_connection_outlives_the_runtime_that_made_it() {
    let list = access_list();
    let list: Vec<_> = list.iter().map(String::as_str).collect();
    let server = RedisServer::start(&list).unwrap();
    let place = format!("127.0.0.1:{}", server.port());
    // What tells of changes has a connection of its own.
    let store = store(&RedisSettings {
        near_cache: 0,
        ..settings(format!("redis://isogloss:pass%2Fword@{place}"))
    });
    let before = taken(&server);
    for _ in 0..5 {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(store.get(digest(1))).unwrap();
    }
    assert_eq!(taken(&server), before + 2);
}

/// Returns the identifiers of the server's connections, except that of this query.
fn connections(server: &RedisServer) -> BTreeSet<String> {
    let listed = server.ask(&["CLIENT", "LIST"]).unwrap();
    let others = listed.lines().filter(|line| !line.contains("cmd=client"));
    let number = |line: &str| line.split_whitespace().next().map(str::to_owned);
    others.filter_map(number).collect()
}

/// Checks that no older connection is used after a command that took too long. A script takes two commands here, and
/// the time-out of both together is over before that of the second.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_command_that_took_too_long_no_older_connection_is_used() {
    let server = RedisServer::start(&[]).unwrap();
    let relay = Relay::to(server.port()).unwrap();
    let store = store(&RedisSettings {
        near_cache: 0,
        timeout: Duration::from_millis(500),
        ..settings(at(relay.port()))
    });
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    let (one, two) = tokio::join!(store.get(digest(1)), store.get(digest(2)));
    assert_eq!((one.unwrap(), two.unwrap()), (None, None));
    let before = connections(&server);
    assert_eq!(before.len(), 2);
    let first = relay.when_sent("EVALSHA", 1, hold);
    let second = relay.when_sent("LOAD", 1, hold);
    let held_up = async {
        let first = first.await.unwrap();
        // Part of the time that both commands have.
        sleep(Duration::from_millis(100)).await;
        let_go(&first);
    };
    let (put, ()) = tokio::join!(store.put(digest(1), &kept, NOW), held_up);
    let error = put.unwrap_err().to_string();
    assert!(error.contains("no answer in time"), "{error}");
    let_go(&second.await.unwrap());
    assert_eq!(store.get(digest(1)).await.unwrap(), None);
    wait_until("older connections are closed", || {
        connections(&server).is_disjoint(&before)
    })
    .unwrap();
}
