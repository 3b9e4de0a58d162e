//! Uses of tokens that are noted together: each as if it were alone.

use std::num::NonZeroUsize;
use std::time::Duration;

use futures_util::future::join_all;
use isogloss_core::store::{Record, SessionLimits, TokenStore as _};
use isogloss_store_contract::token_store::{CAPS, HOUR, NOW, digest, pass_all, record};
use isogloss_testkit::servers::RedisServer;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{RedisSettings, at, settings};
use crate::RedisStore;

const MANY: u16 = 300;

/// Returns how often connections were used again: the pool sends `PING` each time.
fn used_again(server: &RedisServer) -> usize {
    let said = server.ask(&["INFO", "commandstats"]).unwrap();
    let mut lines = said.lines();
    let line = lines.find_map(|line| line.strip_prefix("cmdstat_ping:calls="));
    let number = line.and_then(|line| line.split(',').next());
    number.map_or(0, |number| number.parse().unwrap())
}

fn used(record: &Record, at: OffsetDateTime) -> Record {
    Record {
        used_at: at,
        expires_at: at + HOUR,
        ..record.clone()
    }
}

/// Returns a store in which a user may have twice as many tokens as the tests need.
fn store(settings: &RedisSettings) -> RedisStore {
    let many = usize::from(MANY) * 2;
    let caps = SessionLimits {
        per_user: many,
        per_client: many,
        one_time_per_user: many,
    };
    RedisStore::new(settings, caps).unwrap()
}

/// Stores many tokens of one user, and returns their record.
async fn issued(store: &RedisStore) -> Record {
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    for number in 0..MANY {
        store.put(digest(number), &kept, NOW).await.unwrap();
    }
    kept
}

async fn use_all(store: &RedisStore, before: &Record, after: &Record) -> Vec<bool> {
    let noted = (0..MANY).map(|number| store.replace(digest(number), before, after, NOW));
    let noted = join_all(noted).await;
    noted.into_iter().map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_noted_in_few_round_trips() {
    let server = RedisServer::start(&[]).unwrap();
    let store = store(&RedisSettings {
        near_cache: 0,
        ..settings(at(server.port()))
    });
    let kept = issued(&store).await;
    let after = used(&kept, NOW + HOUR / 2);
    let before = used_again(&server);
    assert!(
        use_all(&store, &kept, &after)
            .await
            .into_iter()
            .all(|noted| noted)
    );
    let trips = used_again(&server) - before;
    assert!(trips < usize::from(MANY) / 4, "{trips}");
    for number in 0..MANY {
        let found = store.get(digest(number)).await.unwrap();
        assert_eq!(found.as_deref(), Some(&after));
    }
    assert_eq!(
        store.list_by_user(kept.user).await.unwrap().len(),
        usize::from(MANY)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_all_who_use_one_at_once_one_notes_it() {
    let server = RedisServer::start(&[]).unwrap();
    let store = store(&settings(at(server.port())));
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    store.put(digest(1), &kept, NOW).await.unwrap();
    let after = used(&kept, NOW + HOUR / 2);
    let noted = (0..20).map(|_| store.replace(digest(1), &kept, &after, NOW));
    let noted = join_all(noted).await.into_iter().map(Result::unwrap);
    assert_eq!(noted.filter(|noted| *noted).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_meanwhile_stays_ended() {
    let server = RedisServer::start(&[]).unwrap();
    let store = store(&settings(at(server.port())));
    let kept = issued(&store).await;
    for number in 0..MANY / 2 {
        store.remove(digest(number)).await.unwrap();
    }
    let noted = use_all(&store, &kept, &used(&kept, NOW + HOUR / 2)).await;
    assert!(noted[..usize::from(MANY / 2)].iter().all(|noted| !noted));
    assert!(noted[usize::from(MANY / 2)..].iter().all(|noted| *noted));
    assert_eq!(store.get(digest(0)).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_lost_the_scripts_is_told_them() {
    let server = RedisServer::start(&[]).unwrap();
    let store = store(&settings(at(server.port())));
    let kept = issued(&store).await;
    server.ask(&["SCRIPT", "FLUSH"]).unwrap();
    let noted = use_all(&store, &kept, &used(&kept, NOW + HOUR / 2)).await;
    assert!(noted.into_iter().all(|noted| noted));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_each_is_told_so_in_time_and_afterwards_all_is_well() {
    let mut server = RedisServer::start(&[]).unwrap();
    let timeout = Duration::from_millis(200);
    let store = store(&RedisSettings {
        timeout,
        connect_timeout: timeout,
        pool_timeout: timeout,
        ..settings(at(server.port()))
    });
    let kept = issued(&store).await;
    let after = used(&kept, NOW + HOUR / 2);
    server.stall().unwrap();
    let noted = (0..MANY).map(|number| store.replace(digest(number), &kept, &after, NOW));
    let patience = timeout * 20;
    let noted = tokio::time::timeout(patience, join_all(noted))
        .await
        .unwrap();
    assert!(noted.into_iter().all(|noted| noted.is_err()));
    server.go_on().unwrap();
    server.kill().unwrap();
    server.start_again().unwrap();
    let kept = issued(&store).await;
    let noted = use_all(&store, &kept, &used(&kept, NOW + HOUR / 2)).await;
    assert!(noted.into_iter().all(|noted| noted));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_notes_each_by_itself_passes() {
    let server = RedisServer::start(&[]).unwrap();
    let settings = RedisSettings {
        touch_batch: NonZeroUsize::MIN,
        ..settings(at(server.port()))
    };
    let store = RedisStore::new(&settings, CAPS).unwrap();
    assert!(store.last_used.is_none());
    pass_all(&store).await;
}
