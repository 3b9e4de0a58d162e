//! Connections that break before the answer arrives.

use isogloss_core::store::{Record, Slot, TokenStore as _};
use isogloss_store_contract::token_store::{HOUR, NOW, digest, record};
use isogloss_testkit::relay::{Connection, Direction, Relay};
use isogloss_testkit::servers::RedisServer;
use uuid::Uuid;

use super::{RedisSettings, at, settings, store};

pub(super) fn lose_the_answer(connection: &Connection) {
    connection.lose(Direction::Responses);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_asked_twice_is() {
    let server = RedisServer::start(&[]).unwrap();
    let relay = Relay::to(server.port()).unwrap();
    let store = store(&settings(at(relay.port())));
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    store.put(digest(1), &kept, NOW).await.unwrap();
    let mut lost = relay.when_sent("\r\nGET\r\n", 1, lose_the_answer);
    assert_eq!(store.get(digest(1)).await.unwrap().as_deref(), Some(&kept));
    lost.try_recv().unwrap();
    let mut lost = relay.when_sent("\r\nSET\r\n", 1, lose_the_answer);
    store.put(digest(2), &kept, NOW).await.unwrap();
    lost.try_recv().unwrap();
    assert_eq!(store.list_by_user(kept.user).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_token_whose_answer_is_lost_is_unavailable_not_absent() {
    let server = RedisServer::start(&[]).unwrap();
    let relay = Relay::to(server.port()).unwrap();
    let store = store(&settings(at(relay.port())));
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    store.put(digest(1), &kept, NOW).await.unwrap();
    let mut lost = relay.when_sent("GETDEL", 1, lose_the_answer);
    assert!(store.remove(digest(1)).await.is_err());
    lost.try_recv().unwrap();
    // The command was executed, and the second caller learns that.
    assert_eq!(store.remove(digest(1)).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_died_in_the_pool_are_not_noticed() {
    let server = RedisServer::start(&[]).unwrap();
    let store = store(&settings(at(server.port())));
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    for number in 0..30 {
        store.put(digest(number), &kept, NOW).await.unwrap();
        server.ask(&["CLIENT", "KILL", "TYPE", "normal"]).unwrap();
        match number % 3 {
            0 => assert_eq!(
                store.remove(digest(number)).await.unwrap().as_ref(),
                Some(&kept)
            ),
            1 => assert_eq!(
                store.get(digest(number)).await.unwrap().as_deref(),
                Some(&kept)
            ),
            _ => drop(store.remove_user(kept.user).await.unwrap()),
        }
    }
}

/// Loses the response to the command that has `text` for the `nth` time, and asserts that the next login ends
/// the token before it.
async fn no_superseded_token_lives(text: &str, nth: usize) {
    let server = RedisServer::start(&[]).unwrap();
    let relay = Relay::to(server.port()).unwrap();
    let store = store(&RedisSettings {
        near_cache: 0,
        ..settings(at(relay.port()))
    });
    let slotted = Record {
        slot: Some(Slot::Exclusive(digest(1000))),
        ..record(Uuid::new_v4(), NOW, HOUR)
    };
    // The server knows the scripts afterwards.
    for number in [0, 1] {
        store.put(digest(number), &slotted, NOW).await.unwrap();
    }
    let mut lost = relay.when_sent(text, nth, lose_the_answer);
    let answer = store.put(digest(2), &slotted, NOW).await;
    assert!(answer.is_err(), "{text} {nth}");
    lost.try_recv().unwrap();
    store.put(digest(3), &slotted, NOW).await.unwrap();
    assert_eq!(store.get(digest(1)).await.unwrap(), None, "{text} {nth}");
    assert_eq!(
        store.get(digest(3)).await.unwrap().as_deref(),
        Some(&slotted)
    );
    assert_eq!(
        store.slot_holder(digest(1000)).await.unwrap(),
        Some(digest(3))
    );
    // No client has the other one, and an operator finds it.
    store.remove_user(slotted.user).await.unwrap();
    assert_eq!(store.get(digest(2)).await.unwrap(), None, "{text} {nth}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_whose_slot_a_lost_answer_gave_away_is_ended_by_the_next() {
    no_superseded_token_lives("isogloss:s:", 1).await;
    no_superseded_token_lives("isogloss:s:", 2).await;
    no_superseded_token_lives("GETDEL", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_whose_listing_was_lost_is_found_by_its_user() {
    no_superseded_token_lives("isogloss:u:", 1).await;
    // After the announcement, and after the token before was taken out of the list.
    no_superseded_token_lives("isogloss:u:", 3).await;
}
