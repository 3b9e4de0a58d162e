//! Servers that do not serve: errors, never absent tokens, and no secret in any of them.

use std::time::Duration;

use isogloss_core::store::TokenStore as _;
use isogloss_store_contract::token_store::{CAPS, HOUR, NOW, digest, record};
use isogloss_testkit::servers::{Certificates, RedisServer, SentinelServers};
use uuid::Uuid;

use super::{at, settings, store};
use crate::RedisStore;

/// Calls every method of the store, and returns the errors. Fails the test if one succeeds.
async fn errors(store: &RedisStore) -> Vec<String> {
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    let said = [
        store.put(digest(1), &kept, NOW).await.unwrap_err(),
        store.get(digest(1)).await.unwrap_err(),
        store.slot_holder(digest(1)).await.unwrap_err(),
        store.remove(digest(1)).await.unwrap_err(),
        store
            .replace(digest(1), &kept, &kept, NOW)
            .await
            .unwrap_err(),
        store.list_by_user(kept.user).await.unwrap_err(),
        store.remove_user(kept.user).await.unwrap_err(),
        store.ping().await.unwrap_err(),
    ];
    said.iter().map(ToString::to_string).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_is_not_asked_and_a_primary_again_is() {
    let [primary, other] = [(); 2].map(|()| RedisServer::start(&[]).unwrap());
    let store = store(&settings(at(primary.port())));
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    store.put(digest(1), &kept, NOW).await.unwrap();

    let port = other.port().to_string();
    primary.ask(&["REPLICAOF", "127.0.0.1", &port]).unwrap();
    // What is read first may come from before the server said what it now is: a live token, never
    // none, as long as it has not emptied itself to become a replica.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    for error in errors(&store).await {
        assert!(error.contains("not the primary"), "{error}");
    }
    primary.ask(&["REPLICAOF", "NO", "ONE"]).unwrap();
    store.put(digest(1), &kept, NOW).await.unwrap();
    assert_eq!(store.remove(digest(1)).await.unwrap(), Some(kept));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_in_constant_use_is_found_out() {
    let [primary, other] = [(); 2].map(|()| RedisServer::start(&[]).unwrap());
    let store = store(&settings(at(primary.port())));
    store.get(digest(1)).await.unwrap();
    let port = other.port().to_string();
    primary.ask(&["REPLICAOF", "127.0.0.1", &port]).unwrap();
    // Reading works there. It is never idle for long.
    for _ in 0..500 {
        if let Err(error) = store.get(digest(1)).await
            && error.to_string().contains("not the primary")
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("a replica is taken for the primary");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_to_what_became_a_replica_goes_to_the_new_primary() {
    let mut servers = SentinelServers::start(None, &[]).unwrap();
    let store = store(&settings(servers.url()));
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    store.put(digest(1), &kept, NOW).await.unwrap();
    // Its connections stay open, unlike when sentinels do it. They make it a primary again.
    let elsewhere = RedisServer::start(&[]).unwrap().port().to_string();
    let primary = servers.primary().unwrap();
    primary
        .ask(&["REPLICAOF", "127.0.0.1", &elsewhere])
        .unwrap();
    let refused = store.put(digest(2), &kept, NOW).await.unwrap_err();
    assert!(refused.to_string().contains("not the primary"), "{refused}");
    primary.ask(&["REPLICAOF", "NO", "ONE"]).unwrap();
    store.put(digest(2), &kept, NOW).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_are_told_from_nothing() {
    let server = RedisServer::start(&["--requirepass", "right"]).unwrap();
    let port = server.port();
    for (url, said) in [
        (
            format!("redis://:marked-secret@127.0.0.1:{port}"),
            "authentication",
        ),
        (
            format!("redis://nobody:marked-secret@127.0.0.1:{port}"),
            "authentication",
        ),
        (
            format!("redis+cluster://:marked-secret@127.0.0.1:{port}"),
            "",
        ),
        (at(port), "authentication"),
    ] {
        for error in errors(&store(&settings(url))).await {
            assert!(error.to_lowercase().contains(said), "{error}");
            assert!(!error.contains("marked-secret"), "{error}");
        }
    }
    store(&settings(format!("redis://:right@127.0.0.1:{port}")))
        .ping()
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_may_not_is_refused() {
    let server = RedisServer::start(&[]).unwrap();
    server
        .ask(&["ACL", "SETUSER", "poor", "on", ">pw", "+ping"])
        .unwrap();
    let store = store(&settings(format!(
        "redis://poor:pw@127.0.0.1:{}",
        server.port()
    )));
    store.ping().await.unwrap();
    let error = store.get(digest(1)).await.unwrap_err().to_string();
    assert!(error.contains("NoPerm"), "{error}");
    store.remove(digest(1)).await.unwrap_err();
    store
        .put(digest(1), &record(Uuid::new_v4(), NOW, HOUR), NOW)
        .await
        .unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_authority_is_refused() {
    let certificates = Certificates::make().unwrap();
    let server = RedisServer::start_tls(&certificates, &[]).unwrap();
    let port = server.tls_port();
    let mut settings = settings(format!("rediss://127.0.0.1:{port}"));
    let errors_of_system = errors(&store(&settings)).await;
    settings.ca = Some(Certificates::make().unwrap().pem().into());
    let errors_of_other = errors(&store(&settings)).await;
    for error in errors_of_system.iter().chain(&errors_of_other) {
        assert!(error.contains("certificate"), "{error}");
    }
    settings.ca = Some(certificates.pem().into());
    store(&settings).ping().await.unwrap();
    settings.ca = Some(b"no certificate".into());
    assert!(RedisStore::new(&settings, CAPS).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn full_memory_is_an_error() {
    let server = RedisServer::start(&["--maxmemory", "1"]).unwrap();
    let store = store(&settings(at(server.port())));
    let refused = store
        .put(digest(1), &record(Uuid::new_v4(), NOW, HOUR), NOW)
        .await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("OOM"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn loading_is_an_error() {
    let server = RedisServer::start(&["--save", "3600 1", "--key-load-delay", "10000"]).unwrap();
    let mut server = server;
    let store = store(&settings(at(server.port())));
    for number in 0..50 {
        let kept = record(Uuid::new_v4(), NOW, HOUR);
        store.put(digest(number), &kept, NOW).await.unwrap();
    }
    server.ask(&["SAVE"]).unwrap();
    server.kill().unwrap();
    server.start_loading().unwrap();
    let mut refused = 0;
    loop {
        match store.get(digest(1)).await {
            Ok(found) => {
                assert!(found.is_some());
                break;
            }
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 0);
}
