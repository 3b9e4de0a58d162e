//! Gateways whose clocks differ, and what lives as long as a token.

use std::num::NonZeroUsize;
use std::time::Duration;

use isogloss_core::backend::milliseconds;
use isogloss_core::store::{Record, Slot, TokenStore as _};
use isogloss_store_contract::token_store::{HOUR, NOW, digest, record};
use isogloss_testkit::servers::RedisServer;
use uuid::Uuid;

use super::super::keys::{KeyPrefix, Keys};
use super::{RedisSettings, at, settings, store};

const FEW: Duration = Duration::from_secs(5);

/// Returns how long a key has left to live.
fn left(server: &RedisServer, key: &[u8]) -> Duration {
    let left = server.values(&[b"PTTL", key]).unwrap();
    let left = std::str::from_utf8(&left[0]).unwrap().parse().unwrap();
    Duration::from_millis(left)
}

fn keys() -> Keys {
    Keys::under(KeyPrefix::default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_whose_clock_is_ahead_removes_no_live_token_from_a_list() {
    let server = RedisServer::start(&[]).unwrap();
    let (here, ahead) = (
        store(&settings(at(server.port()))),
        store(&settings(at(server.port()))),
    );
    let user = Uuid::new_v4();
    let kept = record(user, NOW, HOUR);
    here.put(digest(1), &kept, NOW).await.unwrap();
    // Over there, the token has expired.
    let then = NOW + HOUR + FEW;
    ahead
        .put(digest(2), &record(user, then, FEW), then)
        .await
        .unwrap();
    let listed = here.list_by_user(user).await.unwrap();
    assert_eq!(listed[0], (digest(1), kept));
    assert_eq!(here.remove_user(user).await.unwrap(), 2);
    assert_eq!(here.get(digest(1)).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_whose_clock_is_ahead_lets_no_list_end_before_its_tokens() {
    let server = RedisServer::start(&[]).unwrap();
    let (here, ahead) = (
        store(&settings(at(server.port()))),
        store(&settings(at(server.port()))),
    );
    let user = Uuid::new_v4();
    here.put(digest(1), &record(user, NOW, HOUR), NOW)
        .await
        .unwrap();
    let then = NOW + FEW;
    ahead
        .put(digest(2), &record(user, then, FEW), then)
        .await
        .unwrap();
    assert!(left(&server, &keys().user(user)) + FEW / 2 >= HOUR);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_leads_to_a_token_for_as_long_as_that_lives() {
    for batch in [1, 64] {
        let server = RedisServer::start(&[]).unwrap();
        let store = store(&RedisSettings {
            touch_batch: NonZeroUsize::new(batch).unwrap(),
            ..settings(at(server.port()))
        });
        for (number, slot) in [
            (1, Slot::Newest(digest(100))),
            (2, Slot::Exclusive(digest(101))),
        ] {
            let before = Record {
                slot: Some(slot),
                ..record(Uuid::new_v4(), NOW, HOUR)
            };
            store.put(digest(number), &before, NOW).await.unwrap();
            let after = Record {
                used_at: NOW + HOUR / 2,
                expires_at: NOW + HOUR * 3,
                ..before.clone()
            };
            let used = store.replace(digest(number), &before, &after, after.used_at);
            assert!(used.await.unwrap());
            let expected = milliseconds(after.expires_at) - milliseconds(after.used_at);
            let expected = Duration::from_millis(u64::try_from(expected).unwrap());
            let left = left(&server, &keys().slot(*slot.digest()));
            assert!(left <= expected && left + HOUR > expected, "{left:?}");
            // It does not lead back from a token that has taken the slot since.
            store.put(digest(number + 10), &before, NOW).await.unwrap();
            let later = Record {
                expires_at: NOW + HOUR * 4,
                ..after.clone()
            };
            let _ = store
                .replace(digest(number), &after, &later, NOW)
                .await
                .unwrap();
            let holder = store.slot_holder(*slot.digest()).await.unwrap();
            assert_eq!(holder, Some(digest(number + 10)));
        }
    }
}
