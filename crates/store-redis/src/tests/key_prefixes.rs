//! Two installations on one server, each as a user of its own who may use the keys of its prefix only.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::time::Duration;

use isogloss_core::store::TokenStore as _;
use isogloss_core::throttle::{Bucket, BucketKind, BucketList, Budget, Throttle as _};
use isogloss_core::{Clock as _, SystemClock, TokenDigest};
use isogloss_store_contract::throttle::lists;
use isogloss_store_contract::token_store::{HOUR, NOW, digest, record};
use isogloss_testkit::servers::RedisServer;
use time::OffsetDateTime;
use uuid::Uuid;

use super::super::keys::KeyPrefix;
use super::contracts::access_list;
use super::{RedisSettings, settings, store};
use crate::RedisStore;

/// Creates the user of the operator's guide under another name and prefix, and returns the settings of a
/// store for that user.
fn tenant(server: &RedisServer, name: &str) -> RedisSettings {
    let mut words: Vec<_> = access_list()
        .into_iter()
        .map(|word| word.replace("~isogloss:", &format!("~{name}:")))
        .collect();
    words[0] = "ACL".to_owned();
    words[1] = name.to_owned();
    words.insert(1, "SETUSER".to_owned());
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    server.ask(&words).unwrap();
    RedisSettings {
        prefix: KeyPrefix::new(&format!("{name}:")).unwrap(),
        ..settings(format!(
            "redis://{name}:pass%2Fword@127.0.0.1:{}",
            server.port()
        ))
    }
}

async fn listed(store: &RedisStore) -> BTreeSet<TokenDigest> {
    let mut found = BTreeSet::new();
    let mut visit = |digest, _| {
        found.insert(digest);
        ControlFlow::Continue(())
    };
    store.scan(&mut visit).await.unwrap();
    found
}

/// Returns how many buckets are listed.
async fn counted(store: &RedisStore, now: OffsetDateTime) -> usize {
    let throttle = store.throttle();
    lists::listed(&throttle, &[BucketList::All], 10, now)
        .await
        .len()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_installations_share_a_server_and_see_nothing_of_each_other() {
    let server = RedisServer::start(&[]).unwrap();
    let (one, other) = (tenant(&server, "one"), tenant(&server, "other"));
    let (one, other) = (store(&one), store(&other));
    let user = Uuid::new_v4();
    let budget = Budget {
        tries: 1,
        refill: Duration::from_mins(1),
        first_lock: Duration::from_mins(1),
        longest_lock: Duration::from_mins(1),
    };
    let bucket = Bucket {
        key: digest(1),
        kind: BucketKind::Account,
        account: None,
        network: None,
        network_digest: None,
    };
    let now = SystemClock.now();
    for (store, number) in [(&one, 1001), (&other, 1002)] {
        let kept = record(user, NOW, HOUR);
        store.put(digest(number), &kept, NOW).await.unwrap();
        let throttle = store.throttle();
        throttle.charge(&bucket, &budget, now).await.unwrap();
        let until = now + Duration::from_mins(1);
        throttle
            .remember(digest(1), digest(2), until, now)
            .await
            .unwrap();
    }
    assert_eq!(listed(&other).await, BTreeSet::from([digest(1002)]));
    assert_eq!(one.get(digest(1002)).await.unwrap(), None);
    assert_eq!(one.remove(digest(1002)).await.unwrap(), None);
    assert_eq!(one.remove_user(user).await.unwrap(), 1);
    assert!(one.throttle().reset(digest(1)).await.unwrap());
    assert_eq!(counted(&one, now).await, 0);
    assert!(other.get(digest(1002)).await.unwrap().is_some());
    assert_eq!(counted(&other, now).await, 1);
    let health = other.health(&SystemClock).await.unwrap();
    assert_eq!(health.findings, []);
    let keys = server.ask(&["KEYS", "*"]).unwrap();
    let own = |key: &str| key.starts_with("one:") || key.starts_with("other:");
    assert!(keys.lines().all(own), "{keys}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_of_one_prefix_cannot_touch_the_keys_of_another() {
    let server = RedisServer::start(&[]).unwrap();
    let wrong = RedisSettings {
        prefix: KeyPrefix::default(),
        near_cache: 0,
        ..tenant(&server, "one")
    };
    let store = store(&wrong);
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    let refused = store.put(digest(1), &kept, NOW).await.unwrap_err();
    assert!(refused.to_string().contains("no permissions"), "{refused}");
    assert!(store.get(digest(1)).await.is_err());
}
