//! Connections that break before the answer arrives.

use uuid::Uuid;

use super::relay::Relay;
use super::servers::Server;
use super::{RedisSettings, at, settings, store};
use crate::store::contract::{HOUR, NOW, digest, record};
use crate::store::{Record, Slot, TokenStore as _};

#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_asked_twice_is() {
    let server = Server::start(&[]).unwrap();
    let relay = Relay::before(server.port());
    let store = store(&settings(at(relay.port)));
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    store.put(digest(1), &kept, NOW).await.unwrap();
    relay.cut("GET");
    assert_eq!(store.get(digest(1)).await.unwrap().as_deref(), Some(&kept));
    relay.cut("SET");
    store.put(digest(2), &kept, NOW).await.unwrap();
    assert_eq!(store.of_user(kept.user).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_token_whose_answer_is_lost_is_unavailable_not_absent() {
    let server = Server::start(&[]).unwrap();
    let relay = Relay::before(server.port());
    let store = store(&settings(at(relay.port)));
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    store.put(digest(1), &kept, NOW).await.unwrap();
    relay.cut("GETDEL");
    assert!(store.take(digest(1)).await.is_err());
    // It was executed, and the second caller is told so.
    assert_eq!(store.take(digest(1)).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_died_in_the_pool_are_not_noticed() {
    let server = Server::start(&[]).unwrap();
    let store = store(&settings(at(server.port())));
    let kept = record(Uuid::new_v4(), NOW, HOUR);
    for number in 0..30 {
        store.put(digest(number), &kept, NOW).await.unwrap();
        server.ask(&["CLIENT", "KILL", "TYPE", "normal"]).unwrap();
        match number % 3 {
            0 => assert_eq!(
                store.take(digest(number)).await.unwrap().as_ref(),
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

/// Whatever answer of the commands that have such a text is lost.
async fn no_superseded_token_lives(text: &'static str, lost: usize) {
    let server = Server::start(&[]).unwrap();
    let relay = Relay::before(server.port());
    let store = store(&RedisSettings {
        near_cache: 0,
        ..settings(at(relay.port))
    });
    let slotted = Record {
        slot: Some(Slot::Exclusive(digest(1000))),
        ..record(Uuid::new_v4(), NOW, HOUR)
    };
    // The server knows the scripts afterwards.
    for number in [0, 1] {
        store.put(digest(number), &slotted, NOW).await.unwrap();
    }
    relay.cut_after(text, lost);
    let answer = store.put(digest(2), &slotted, NOW).await;
    assert!(answer.is_err(), "{text} {lost}");
    assert!(relay.is_done(), "{text} {lost}");
    store.put(digest(3), &slotted, NOW).await.unwrap();
    assert_eq!(store.get(digest(1)).await.unwrap(), None, "{text} {lost}");
    assert_eq!(
        store.get(digest(3)).await.unwrap().as_deref(),
        Some(&slotted)
    );
    assert_eq!(store.holder(digest(1000)).await.unwrap(), Some(digest(3)));
    // No client has the other one, and an operator finds it.
    store.remove_user(slotted.user).await.unwrap();
    assert_eq!(store.get(digest(2)).await.unwrap(), None, "{text} {lost}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_whose_slot_a_lost_answer_gave_away_is_ended_by_the_next() {
    no_superseded_token_lives("isogloss:s:", 0).await;
    no_superseded_token_lives("isogloss:s:", 1).await;
    no_superseded_token_lives("GETDEL", 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_whose_listing_was_lost_is_found_by_its_user() {
    no_superseded_token_lives("isogloss:u:", 0).await;
    // After the announcement, and after the token before was taken out of the list.
    no_superseded_token_lives("isogloss:u:", 2).await;
}
