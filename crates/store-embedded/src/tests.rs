//! What only the embedded store does.

mod contract;
mod failing_disk;
mod raw_records;
mod reopening;

use futures_util::future::join_all;
use isogloss_core::store::{Idle, Record, SessionLimits, Slot, TokenStore as _};
use isogloss_store_contract::token_store::{CAPS, HOUR, NOW, Plant as _, digest, record};
use uuid::Uuid;

use super::EmbeddedStore;

/// What no release has written.
const RUBBISH: &[u8] = &[9, 9, 9];

fn many() -> EmbeddedStore {
    EmbeddedStore::in_memory(SessionLimits {
        per_user: 1_000,
        per_client: 1_000,
        one_time_per_user: 1_000,
    })
    .unwrap()
}

#[tokio::test]
async fn a_record_that_cannot_be_read_stops_no_sweep() {
    let store = many();
    let user = Uuid::new_v4();
    for number in 0..98 {
        let kept = record(user, NOW, HOUR);
        store.put(digest(number), &kept, NOW).await.unwrap();
    }
    for number in [0, 50, 97] {
        store.plant(digest(number), RUBBISH).await;
    }
    assert_eq!(store.sweep(NOW + HOUR).await.unwrap(), 98);
    assert_eq!(store.sweep(NOW + HOUR).await.unwrap(), 0);
    assert_eq!(store.get(digest(50)).await.unwrap(), None);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_fails_no_change_beside_its_own() {
    let store = many();
    let user = Uuid::new_v4();
    let kept = record(user, NOW, HOUR);
    store.put(digest(0), &kept, NOW).await.unwrap();
    store.plant(digest(0), RUBBISH).await;
    let ended = store.remove(digest(0));
    let puts = (1..20).map(|number| store.put(digest(number), &kept, NOW));
    let (ended, puts) = tokio::join!(ended, join_all(puts));
    assert_eq!(ended.unwrap(), None);
    assert!(puts.into_iter().all(|put| put.is_ok()));
    assert_eq!(store.list_by_user(user).await.unwrap().len(), 19);
}

/// Checks that a token is not ended by the expiry of an earlier token with the same digest. That token was ended
/// without being read, so its expiry was not known and stayed listed; the new one may come from a backup.
#[tokio::test]
async fn an_end_that_was_left_behind_ends_no_token_that_is_back() {
    let store = many();
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    store.put(digest(1), &kept, NOW).await.unwrap();
    store.plant(digest(1), RUBBISH).await;
    store.remove(digest(1)).await.unwrap();
    let longer = record(kept.user, NOW, HOUR * 3);
    store.put(digest(1), &longer, NOW).await.unwrap();
    assert_eq!(store.sweep(NOW + HOUR * 2).await.unwrap(), 0);
    assert!(store.get(digest(1)).await.unwrap().is_some());
    assert_eq!(store.sweep(NOW + HOUR * 3).await.unwrap(), 1);
}

#[tokio::test]
async fn a_slot_is_held_for_as_long_as_uses_keep_its_token_alive() {
    let store = EmbeddedStore::in_memory(CAPS).unwrap();
    let idle = Record {
        slot: Some(Slot::Exclusive(digest(1000))),
        idle: Some(Idle {
            span: u64::try_from(HOUR.as_millis()).unwrap(),
            until: None,
        }),
        ..record(Uuid::new_v4(), NOW, HOUR)
    };
    store.put(digest(1), &idle, NOW).await.unwrap();
    let used = Record {
        used_at: NOW + HOUR / 2,
        expires_at: NOW + HOUR * 3 / 2,
        ..idle.clone()
    };
    let replaced = store.replace(digest(1), &idle, &used, NOW + HOUR / 2);
    assert!(replaced.await.unwrap());
    store.sweep(NOW + HOUR).await.unwrap();
    assert_eq!(
        store.slot_holder(digest(1000)).await.unwrap(),
        Some(digest(1))
    );
    let later = NOW + HOUR;
    let next = Record {
        issued_at: later,
        used_at: later,
        expires_at: later + HOUR,
        ..idle
    };
    store.put(digest(2), &next, later).await.unwrap();
    assert_eq!(store.get(digest(1)).await.unwrap(), None);
    store.sweep(later + HOUR).await.unwrap();
    assert_eq!(store.slot_holder(digest(1000)).await.unwrap(), None);
}
