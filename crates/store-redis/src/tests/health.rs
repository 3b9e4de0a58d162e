//! What the store says of its servers.

use std::time::Duration;

use isogloss_core::store::{Finding, Level, StoreHealth, TokenStore as _};
use isogloss_core::throttle::Throttle as _;
use isogloss_core::{Clock as _, MockClock, SystemClock};
use isogloss_store_contract::token_store::NOW;
use isogloss_testkit::servers::{ClusterServers, RedisServer};

use super::{Eviction, at, settings, store};
use crate::RedisStore;

async fn health(store: &RedisStore) -> StoreHealth {
    store.health(&SystemClock).await.unwrap()
}

fn levels(health: &StoreHealth) -> Vec<Level> {
    health
        .findings
        .iter()
        .map(|finding| finding.level)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fit_server_is_described() {
    let server = RedisServer::start(&["--appendonly", "yes"]).unwrap();
    let mut settings = settings(at(server.port()));
    settings.has_long_lived_tokens = true;
    let health = health(&store(&settings)).await;
    assert_eq!(health.findings, []);
    let [described] = &health.servers[..] else {
        panic!("{health:?}");
    };
    assert_eq!(described.address, format!("127.0.0.1:{}", server.port()));
    assert_eq!(described.role.as_deref(), Some("primary"));
    assert_eq!(described.eviction.as_deref(), Some("noeviction"));
    assert_eq!(described.persistence.as_deref(), Some("log"));
    assert!(described.version.is_some() && described.clock_ahead_ms.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn eviction_and_forgetting_are_found() {
    let server = RedisServer::start(&["--maxmemory-policy", "volatile-ttl"]).unwrap();
    let mut settings = settings(at(server.port()));
    settings.has_long_lived_tokens = true;
    let found = health(&store(&settings)).await;
    assert_eq!(levels(&found), [Level::Warning, Level::Warning]);
    assert!(!found.is_refused());
    settings.eviction = Eviction::Refuse;
    let found = health(&store(&settings)).await;
    assert_eq!(levels(&found), [Level::Refused, Level::Warning]);
    assert!(found.is_refused());
    let Finding { text, .. } = &found.findings[0];
    assert!(text.contains("maxmemory-policy volatile-ttl"), "{text}");
    settings.eviction = Eviction::Ignore;
    settings.has_long_lived_tokens = false;
    assert_eq!(levels(&health(&store(&settings)).await), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_is_found() {
    let server = RedisServer::start(&[]).unwrap();
    let store = store(&settings(at(server.port())));
    let health = store
        .health(&MockClock::at(NOW - time::Duration::days(900)))
        .await;
    assert_eq!(levels(&health.unwrap()), [Level::Warning]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_asked_is_unknown() {
    let server = RedisServer::start(&[]).unwrap();
    let list = [
        "ACL",
        "SETUSER",
        "poor",
        "on",
        ">pw",
        "~isogloss:*",
        "+@read",
        "+@write",
        "+ping",
        "+evalsha",
        "+script|load",
    ];
    server.ask(&list).unwrap();
    let mut settings = settings(format!("redis://poor:pw@127.0.0.1:{}", server.port()));
    settings.has_long_lived_tokens = true;
    let store = store(&settings);
    store.ping().await.unwrap();
    let health = health(&store).await;
    assert_eq!(levels(&health), [Level::Unknown; 4], "{health:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_primaries_of_a_cluster_are_asked() {
    let mut servers = ClusterServers::start(None, &[]).unwrap();
    let setting = ["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"];
    servers.servers()[1].ask(&setting).unwrap();
    let health = health(&store(&settings(servers.url()))).await;
    assert_eq!(health.servers.len(), 3);
    assert_eq!(levels(&health), [Level::Warning]);
    let port = servers.servers()[1].port().to_string();
    assert!(health.findings[0].text.contains(&port), "{health:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_has_no_health_until_it_comes() {
    let mut server = RedisServer::start(&[]).unwrap();
    let store = store(&settings(at(server.port())));
    server.kill().unwrap();
    assert!(store.health(&SystemClock).await.is_err());
    server.start_again().unwrap();
    assert_eq!(health(&store).await.findings, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_is_sent_to_every_primary_of_a_cluster_and_leaves_nothing() {
    let mut servers = ClusterServers::start(None, &[]).unwrap();
    let store = store(&settings(servers.url()));
    assert_eq!(health(&store).await.findings, []);
    let now = SystemClock.now();
    assert_eq!(store.throttle().health(now).await.unwrap(), []);
    for server in servers.servers() {
        assert_eq!(server.ask(&["DBSIZE"]).unwrap(), "0");
    }
    let refusing = &servers.servers()[1];
    refusing
        .ask(&["CONFIG", "SET", "min-replicas-to-write", "9"])
        .unwrap();
    let found = health(&store).await;
    let throttled = store.throttle().health(now).await.unwrap();
    for findings in [&found.findings, &throttled] {
        let [Finding { level, text, hint }] = &findings[..] else {
            panic!("{findings:?}");
        };
        assert_eq!(*level, Level::Refused);
        assert!(text.contains(&refusing.port().to_string()), "{text}");
        assert!(text.contains("NOREPLICAS"), "{text}");
        assert!(hint.as_ref().unwrap().contains("min-replicas-to-write"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_few_replicas_for_a_revocation_are_warned_of() {
    let server = RedisServer::start(&[]).unwrap();
    let mut settings = settings(at(server.port()));
    settings.wait_replicas = 1;
    settings.timeout = Duration::from_millis(100);
    let found = health(&store(&settings)).await;
    assert_eq!(levels(&found), [Level::Warning]);
    assert!(found.findings[0].text.contains("redis_wait_replicas"));
}
