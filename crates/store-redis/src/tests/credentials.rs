//! Credentials that are replaced while the store is used, in each topology.

use std::ops::ControlFlow;

use isogloss_core::AccessChange;
use isogloss_core::store::TokenStore as _;
use isogloss_testkit::servers::{ClusterServers, RedisServer, SentinelServers};

use super::{at, settings, store};

/// Sets the only password of the user `gateway`.
fn set_password(server: &RedisServer, password: &str) {
    let words = [
        "ACL", "SETUSER", "gateway", "reset", "on", "~*", "&*", "+@all",
    ];
    let words: Vec<_> = words.into_iter().chain([password]).collect();
    server.ask(&words).unwrap();
}

/// Asserts that a store can replace the first password, which its address contains, by the second one, and by
/// no wrong one.
async fn takes_the_second(address: impl Fn(&str) -> String, set: impl Fn(&str)) {
    set(">first");
    let store = store(&settings(address("first")));
    store.ping().await.unwrap();
    let access = store.access();
    let wrong = access.replace(&settings(address("wrong"))).await;
    assert!(wrong.is_err(), "{wrong:?}");
    store.ping().await.unwrap();
    set(">second");
    let change = access.replace(&settings(address("second"))).await;
    assert_eq!(change.unwrap(), AccessChange::Made);
    let seen = store.scan(&mut |_, _| ControlFlow::Continue(())).await;
    seen.unwrap();
    let elsewhere = access.replace(&settings(at(1))).await;
    assert_eq!(elsewhere.unwrap(), AccessChange::NeedsRestart);
    store.ping().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_is_entered_with_another_password() {
    let server = RedisServer::start(&[]).unwrap();
    let address =
        |password: &str| format!("redis://gateway:{password}@127.0.0.1:{}", server.port());
    takes_the_second(address, |password| set_password(&server, password)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sentinels_and_their_primary_are_entered_with_other_passwords() {
    let mut servers = SentinelServers::start(None, &[]).unwrap();
    let place = servers.place();
    let address = |password: &str| {
        format!(
            "redis+sentinel://gateway:{password}@{place}\
             ?sentinel_user=gateway&sentinel_password={password}"
        )
    };
    let ports: Vec<_> = servers.sentinels().iter().map(RedisServer::port).collect();
    let primary = servers.primary().unwrap().port();
    let set = |password: &str| {
        for port in ports.iter().chain([&primary]) {
            let mut connection = ::redis::Client::open(at(*port))
                .and_then(|client| client.get_connection())
                .unwrap();
            let mut rules = ::redis::cmd("ACL");
            rules.arg("SETUSER").arg("gateway").arg("reset").arg("on");
            rules.arg("~*").arg("&*").arg("+@all").arg(password);
            let () = rules.query(&mut connection).unwrap();
        }
    };
    takes_the_second(address, set).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_is_entered_with_another_password() {
    let mut servers = ClusterServers::start(None, &[]).unwrap();
    let place = servers.place();
    let address = |password: &str| format!("redis+cluster://gateway:{password}@{place}");
    let servers = &*servers.servers();
    let set = |password: &str| {
        for server in servers {
            set_password(server, password);
        }
    };
    takes_the_second(address, set).await;
}
