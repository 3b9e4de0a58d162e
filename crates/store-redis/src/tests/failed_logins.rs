//! Logins that fail after their token was stored.

use std::time::Duration;

use isogloss_core::TokenDigest;
use isogloss_core::store::{Record, SessionLimits, Slot, TokenStore as _};
use isogloss_store_contract::token_store::{CAPS, HOUR, NOW, digest, record};
use isogloss_testkit::relay::Relay;
use isogloss_testkit::servers::RedisServer;
use uuid::Uuid;

use super::super::RedisStore;
use super::lost_responses::lose_the_answer;
use super::{RedisSettings, at, settings, store};

/// Returns settings of a store behind a relay, without a near cache.
fn relayed(relay: &Relay) -> RedisSettings {
    RedisSettings {
        near_cache: 0,
        ..settings(at(relay.port()))
    }
}

fn number_of_tokens(server: &RedisServer) -> usize {
    let keys = server.values(&[b"KEYS", b"isogloss:t:*"]).unwrap();
    keys.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_whose_login_lost_an_answer_is_neither_stored_nor_listed() {
    let server = RedisServer::start(&[]).unwrap();
    let relay = Relay::to(server.port()).unwrap();
    let store = store(&relayed(&relay));
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    // The server knows the scripts afterwards.
    store.put(digest(0), &kept, NOW).await.unwrap();
    // After the announcement: the arrival.
    let mut lost = relay.when_sent("isogloss:u:", 2, lose_the_answer);
    assert!(store.put(digest(1), &kept, NOW).await.is_err());
    lost.try_recv().unwrap();
    assert_eq!(number_of_tokens(&server), 1);
    assert_eq!(store.members(kept.user).await.unwrap(), [digest(0)]);
}

/// Checks that a token is removed and stays announced if the responses to the write were lost: the token may be
/// stored all the same, and later than it is removed.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_may_have_been_stored_is_removed_and_stays_announced() {
    let server = RedisServer::start(&[]).unwrap();
    let relay = Relay::to(server.port()).unwrap();
    let store = store(&relayed(&relay));
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    store.put(digest(0), &kept, NOW).await.unwrap();
    let lost = [1, 2].map(|nth| relay.when_sent("isogloss:t:", nth, lose_the_answer));
    assert!(store.put(digest(1), &kept, NOW).await.is_err());
    for mut lost in lost {
        lost.try_recv().unwrap();
    }
    assert_eq!(number_of_tokens(&server), 1);
    assert_eq!(store.members(kept.user).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_that_no_replica_confirms_leave_no_tokens() {
    let server = RedisServer::start(&[]).unwrap();
    let with = store(&settings(at(server.port())));
    let without = store(&RedisSettings {
        wait_replicas: 1,
        timeout: Duration::from_secs(1),
        ..settings(at(server.port()))
    });
    let slotted = Record {
        slot: Some(Slot::Exclusive(digest(1000))),
        actor: Some(Uuid::new_v4()),
        ..record(Uuid::new_v4(), NOW, HOUR)
    };
    with.put(digest(0), &slotted, NOW).await.unwrap();
    for number in 1..6 {
        let error = without.put(digest(number), &slotted, NOW).await;
        let error = error.unwrap_err().to_string();
        assert!(error.contains("0 of 1 replicas"), "{error}");
        // What is left of the first one can be ended once more.
        assert_eq!(number_of_tokens(&server), 1);
        for user in slotted.listed_under() {
            assert_eq!(with.members(user).await.unwrap(), [digest(0)]);
        }
    }
    with.put(digest(6), &slotted, NOW).await.unwrap();
    assert_eq!(
        with.list_by_user(slotted.user).await.unwrap(),
        [(digest(6), slotted)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_were_evicted_are_reported_though_the_next_one_cannot_be() {
    let server = RedisServer::start(&[]).unwrap();
    let relay = Relay::to(server.port()).unwrap();
    let kept = |number: u16| {
        let used_at = NOW + Duration::from_secs(number.into());
        let fresh = record(Uuid::nil(), NOW, HOUR);
        (digest(number), Record { used_at, ..fresh })
    };
    let many = store(&settings(at(server.port())));
    for number in 0..4 {
        let (digest, record) = kept(number);
        many.put(digest, &record, NOW).await.unwrap();
    }
    let caps = SessionLimits {
        per_user: 2,
        per_client: 2,
        ..CAPS
    };
    let few = RedisStore::new(&relayed(&relay), caps).unwrap();
    let put = async |number| {
        let (digest, record) = kept(number);
        few.put(digest, &record, NOW).await.unwrap()
    };
    let mut lost = relay.when_sent("GETDEL", 2, lose_the_answer);
    assert_eq!(put(4).await, [digest(0)]);
    lost.try_recv().unwrap();
    // That one was ended, and its answer lost.
    assert_eq!(put(5).await, [digest(2), digest(3)]);
    let left = few.list_by_user(Uuid::nil()).await.unwrap();
    let left: Vec<TokenDigest> = left.into_iter().map(|(digest, _)| digest).collect();
    assert_eq!(left, [digest(4), digest(5)]);
}
