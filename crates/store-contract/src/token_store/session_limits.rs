//! Caps: how many tokens a user may have, and which of them end when there are more.

use std::time::Duration;

use isogloss_core::Lineage;
use isogloss_core::store::{Record, TokenStore};
use uuid::Uuid;

use super::{CAP, CAPS, HOUR, NOW, digest, digests, record};

/// Tests that the list of a user stays bounded, however often the user logs in: after `logins` logins, the newest
/// tokens are listed, as many as there may be.
pub(super) async fn many_logins_leave_a_bounded_list(store: &dyn TokenStore, logins: u16) {
    let user = Uuid::new_v4();
    let mut now = NOW;
    for number in 0..logins {
        now += Duration::from_millis(10);
        store
            .put(digest(number), &record(user, now, HOUR), now)
            .await
            .unwrap();
    }
    let cap = u16::try_from(CAP).unwrap();
    let newest: Vec<_> = (logins - cap..logins).map(digest).collect();
    assert_eq!(digests(store, user).await, newest);
    assert_eq!(store.get(digest(0)).await.unwrap(), None);
    store.remove_user(user).await.unwrap();
}

pub(super) async fn expired_tokens_make_room_before_live_ones(store: &dyn TokenStore) {
    let user = Uuid::new_v4();
    let cap = u16::try_from(CAP).unwrap();
    store
        .put(digest(0), &record(user, NOW, HOUR * 24), NOW)
        .await
        .unwrap();
    for number in 1..cap {
        store
            .put(digest(number), &record(user, NOW, HOUR), NOW)
            .await
            .unwrap();
    }
    let later = NOW + HOUR * 2;
    store
        .put(digest(cap), &record(user, later, HOUR), later)
        .await
        .unwrap();
    assert!(store.get(digest(0)).await.unwrap().is_some());
    assert!(store.get(digest(cap)).await.unwrap().is_some());
    store.remove_user(user).await.unwrap();
}

pub(super) async fn the_least_recently_used_goes_first(store: &dyn TokenStore) {
    let user = Uuid::new_v4();
    let cap = u16::try_from(CAP).unwrap();
    for number in 0..cap {
        let now = NOW + Duration::from_secs(number.into());
        let put = store
            .put(digest(number), &record(user, now, HOUR), now)
            .await;
        assert_eq!(put.unwrap(), []);
    }
    let before = record(user, NOW, HOUR);
    let later = NOW + Duration::from_mins(1);
    let touched = Record {
        used_at: later,
        ..before.clone()
    };
    assert!(
        store
            .replace(digest(0), &before, &touched, later)
            .await
            .unwrap()
    );
    let last = record(user, later, HOUR);
    let evicted = store.put(digest(cap), &last, later).await.unwrap();
    assert_eq!(evicted, [digest(1)]);
    assert!(store.get(digest(0)).await.unwrap().is_some());
    assert_eq!(store.get(digest(1)).await.unwrap(), None);
    store.remove_user(user).await.unwrap();
}

pub(super) async fn a_client_of_a_user_has_a_cap_of_its_own(store: &dyn TokenStore) {
    let user = Uuid::new_v4();
    let at = |client: &str, now| Record {
        client: Some(client.to_owned()),
        ..record(user, now, HOUR)
    };
    store.put(digest(99), &at("two", NOW), NOW).await.unwrap();
    let cap = u16::try_from(CAPS.per_client).unwrap();
    let mut evicted = Vec::new();
    for number in 0..cap + 3 {
        let now = NOW + Duration::from_secs(number.into());
        evicted.extend(
            store
                .put(digest(number), &at("one", now), now)
                .await
                .unwrap(),
        );
    }
    assert_eq!(evicted, [digest(0), digest(1), digest(2)]);
    assert!(store.get(digest(99)).await.unwrap().is_some());
    store.remove_user(user).await.unwrap();
}

pub(super) async fn a_login_has_a_cap_of_its_own(store: &dyn TokenStore) {
    let user = Uuid::new_v4();
    let login = record(user, NOW, HOUR);
    store.put(digest(0), &login, NOW).await.unwrap();
    store
        .put(digest(99), &record(user, NOW, HOUR), NOW)
        .await
        .unwrap();
    let cap = u16::try_from(CAPS.per_client).unwrap();
    let mut evicted = Vec::new();
    for number in 1..cap + 3 {
        let now = NOW + Duration::from_secs(number.into());
        // Each has a client of its own.
        let child = Record {
            client: Some(format!("client {number}")),
            parent: Some(digest(0)),
            lineage: Some(Lineage::of_child(&login)),
            ..record(user, now, HOUR)
        };
        evicted.extend(store.put(digest(number), &child, now).await.unwrap());
    }
    assert_eq!(evicted, [digest(0), digest(1), digest(2)]);
    assert!(store.get(digest(99)).await.unwrap().is_some());
    store.remove_user(user).await.unwrap();
}

pub(super) async fn a_crowded_dialect_pushes_no_other_out(store: &dyn TokenStore) {
    let user = Uuid::new_v4();
    let there = Record {
        realm: "there".to_owned(),
        ..record(user, NOW, HOUR)
    };
    store.put(digest(99), &there, NOW).await.unwrap();
    let cap = u16::try_from(CAP).unwrap();
    let mut evicted = Vec::new();
    for number in 0..=cap {
        let now = NOW + Duration::from_secs(u64::from(number) + 1);
        let here = record(user, now, HOUR);
        evicted.extend(store.put(digest(number), &here, now).await.unwrap());
    }
    assert_eq!(evicted, [digest(0), digest(1)]);
    assert!(store.get(digest(99)).await.unwrap().is_some());
    store.remove_user(user).await.unwrap();
}
