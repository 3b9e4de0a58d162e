//! The suites of all stores and of all throttles, in each topology: plain, and with TLS and an access list.

use isogloss_core::store::TokenStore as _;
use isogloss_core::throttle::Throttle as _;
use isogloss_core::{Clock as _, SystemClock};
use isogloss_store_contract::throttle;
use isogloss_store_contract::token_store::{pass_all, ten_thousand_logins_leave_a_bounded_list};
use isogloss_testkit::servers::{Certificates, ClusterServers, RedisServer, SentinelServers};

use super::super::keys::KeyPrefix;
use super::{RedisSettings, settings, store};

/// Returns the access list in `docs/redis.md`, as arguments of a server.
pub(super) fn access_list() -> Vec<String> {
    let guide = include_str!("../../../../docs/redis.md");
    let line = guide
        .lines()
        .find(|line| line.starts_with("user isogloss "));
    let line = line.unwrap().replace("PASSWORD", "pass/word");
    line.replacen("user", "--user", 1)
        .split(' ')
        .map(str::to_owned)
        .collect()
}

/// Runs the contract suite over TLS, as the user of the access list, at the address that `scheme` and `place` make.
/// Asserts that the health check has no finding.
async fn passes_behind_tls(scheme: &str, place: &str, certificates: &Certificates) {
    let settings = settings(format!("{scheme}://isogloss:pass%2Fword@{place}"));
    passes_with(settings, "isogloss:", certificates).await;
}

/// Runs the contract suite with keys under `prefix`. Asserts that the health check has no finding, and that all keys
/// have the prefix.
async fn passes_with(mut settings: RedisSettings, prefix: &str, certificates: &Certificates) {
    settings.prefix = KeyPrefix::new(prefix).unwrap();
    settings.ca = Some(certificates.pem().into());
    let store = store(&settings);
    pass_all(&store).await;
    throttle::fulfil(&store.throttle()).await;
    let health = store.health(&SystemClock).await.unwrap();
    assert_eq!(health.findings, []);
    let refused = store.throttle().health(SystemClock.now()).await;
    assert_eq!(refused.unwrap(), []);
    let mut scan = store.client.scan("").await.unwrap();
    while let Some(page) = scan.next_page().await.unwrap() {
        assert!(page.iter().all(|key| key.starts_with(prefix.as_bytes())));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_with_tls_a_prefix_and_an_access_list_passes() {
    let certificates = Certificates::make().unwrap();
    let list = access_list().join(" ").replace("~isogloss:", "~team-1:");
    let list: Vec<_> = list.split(' ').collect();
    let server = RedisServer::start_tls(&certificates, &list).unwrap();
    let place = format!("127.0.0.1:{}/3", server.tls_port());
    let settings = settings(format!("rediss://isogloss:pass%2Fword@{place}"));
    passes_with(settings, "team-1:", &certificates).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_found_by_sentinels_passes() {
    let servers = SentinelServers::start(None, &[]).unwrap();
    pass_all(&store(&settings(servers.url()))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_found_by_sentinels_with_tls_and_access_lists_passes() {
    let certificates = Certificates::make().unwrap();
    let list = access_list();
    let list: Vec<_> = list.iter().map(String::as_str).collect();
    let mut servers = SentinelServers::start(Some(&certificates), &list).unwrap();
    for sentinel in servers.sentinels() {
        let user = "+@connection +sentinel|get-master-addr-by-name";
        let mut words = vec!["ACL", "SETUSER", "asker", "on", ">s&w", "-@all"];
        words.extend(user.split(' '));
        sentinel.ask(&words).unwrap();
    }
    let place = format!(
        "{}?sentinel_user=asker&sentinel_password=s%26w",
        servers.place()
    );
    passes_behind_tls("rediss+sentinel", &place, &certificates).await;
    // Without them, they do not talk.
    for sentinel in servers.sentinels() {
        sentinel
            .ask(&["ACL", "SETUSER", "default", "-@all", "+ping"])
            .unwrap();
    }
    let mut settings = settings(format!(
        "rediss+sentinel://isogloss:pass%2Fword@{}",
        servers.place()
    ));
    settings.ca = Some(certificates.pem().into());
    assert!(store(&settings).ping().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_passes() {
    let servers = ClusterServers::start(None, &[]).unwrap();
    let store = store(&settings(servers.url()));
    pass_all(&store).await;
    ten_thousand_logins_leave_a_bounded_list(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_with_tls_and_an_access_list_passes() {
    let certificates = Certificates::make().unwrap();
    let list = access_list();
    let list: Vec<_> = list.iter().map(String::as_str).collect();
    let servers = ClusterServers::start(Some(&certificates), &list).unwrap();
    passes_behind_tls("rediss+cluster", &servers.place(), &certificates).await;
}
