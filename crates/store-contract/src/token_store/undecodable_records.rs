//! A record that cannot be decoded does not affect any other.

use std::ops::ControlFlow;

use isogloss_core::TokenDigest;
use isogloss_core::store::{Record, Slot};
use uuid::Uuid;

use super::backup::exported;
use super::{HOUR, NOW, Plant, digest, digests, record};

/// Bytes that no release has written.
const RUBBISH: &[u8] = &[9, 9, 9];

/// Stores three tokens of a user, of which the second cannot be decoded.
async fn planted<S: Plant>(store: &S, user: Uuid) {
    for number in 1..=3 {
        let kept = record(user, NOW, HOUR);
        store.put(digest(number), &kept, NOW).await.unwrap();
    }
    store.plant(digest(2), RUBBISH).await;
}

pub(super) async fn holds_up_no_list_and_no_backup<S: Plant>(store: &S) {
    let user = Uuid::new_v4();
    planted(store, user).await;
    assert!(store.get(digest(2)).await.is_err(), "it may be valid");
    assert_eq!(digests(store, user).await, [digest(1), digest(3)]);
    let mut shown = Vec::new();
    let visit = &mut |digest, record: Record| {
        shown.extend((record.user == user).then_some(digest));
        ControlFlow::Continue(())
    };
    store.scan(visit).await.unwrap();
    shown.sort_unstable();
    assert_eq!(shown, [digest(1), digest(3)]);
    let saved = exported(store, user).await;
    let saved: Vec<TokenDigest> = saved.iter().map(|token| token.digest).collect();
    assert_eq!(saved, [digest(1), digest(3)]);
    assert_eq!(store.remove_user(user).await.unwrap(), 3);
    assert_eq!(store.get(digest(2)).await.unwrap(), None);
}

pub(super) async fn is_ended_like_any_other<S: Plant>(store: &S) {
    let user = Uuid::new_v4();
    planted(store, user).await;
    assert_eq!(store.remove(digest(2)).await.unwrap(), None);
    assert_eq!(store.get(digest(2)).await.unwrap(), None);
    let slotted = Record {
        slot: Some(Slot::Exclusive(digest(1003))),
        application: Some("shop".to_owned()),
        at_most: Some(1),
        ..record(user, NOW, HOUR)
    };
    store.put(digest(4), &slotted, NOW).await.unwrap();
    store.plant(digest(4), RUBBISH).await;
    let evicted = store.put(digest(5), &slotted, NOW).await.unwrap();
    assert_eq!(store.get(digest(4)).await.unwrap(), None);
    assert_eq!(evicted, []);
    // It does not count towards those that exceed the limit.
    store.plant(digest(1), RUBBISH).await;
    let beside = Record {
        slot: None,
        ..slotted.clone()
    };
    let evicted = store.put(digest(6), &beside, NOW).await.unwrap();
    assert_eq!(evicted, [digest(5)]);
    assert_eq!(store.remove_user(user).await.unwrap(), 3);
}
