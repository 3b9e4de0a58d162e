//! The contract of token stores: tests for every backend. They pass timestamps and never sleep.

mod acting_as_user;
mod backup;
mod old_records;
mod purposes;
mod session_limits;
mod undecodable_records;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use isogloss_core::store::{Record, Redemption, SessionLimits, Slot, TokenStore};
use isogloss_core::{Purpose, Realm, TokenDigest};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

pub use self::old_records::Plant;

/// The time at which the tests begin.
pub const NOW: OffsetDateTime = datetime!(2026-11-21 12:00 UTC);
/// The life of most tokens in the tests.
pub const HOUR: Duration = Duration::from_hours(1);
const CAP: usize = 20;
/// The caps that the tested store must have.
pub const CAPS: SessionLimits = SessionLimits {
    per_user: CAP,
    per_client: CAP / 2,
    one_time_per_user: CAP / 4,
};

/// Returns a digest that differs for each number.
pub fn digest(number: u16) -> TokenDigest {
    let mut bytes = [7; 16];
    bytes[14..].copy_from_slice(&number.to_be_bytes());
    bytes.into()
}

/// Returns the record of an access token of that user.
pub fn record(user: Uuid, issued_at: OffsetDateTime, lifetime: Duration) -> Record {
    let life = (issued_at, issued_at + lifetime);
    Record {
        generation: 3,
        ..Record::new(Realm::new("here"), user, Purpose::Access, life)
    }
}

/// Returns the digests of the tokens that are listed under a user.
pub async fn digests(store: &dyn TokenStore, user: Uuid) -> Vec<TokenDigest> {
    let listed = store.list_by_user(user).await.unwrap();
    listed.into_iter().map(|(digest, _)| digest).collect()
}

async fn what_is_put_is_got_and_listed(store: &dyn TokenStore) {
    let user = Uuid::new_v4();
    let first = record(user, NOW, HOUR);
    let second = record(user, NOW + HOUR, HOUR);
    store.put(digest(2), &second, NOW + HOUR).await.unwrap();
    store.put(digest(1), &first, NOW).await.unwrap();
    assert_eq!(
        store.get(digest(1)).await.unwrap(),
        Some(Arc::new(first.clone()))
    );
    assert_eq!(store.get(digest(9)).await.unwrap(), None);
    let listed = store.list_by_user(user).await.unwrap();
    assert_eq!(listed, [(digest(1), first), (digest(2), second)]);
    assert_eq!(store.list_by_user(Uuid::new_v4()).await.unwrap(), []);
    store.remove_user(user).await.unwrap();
}

async fn what_is_taken_is_gone(store: &dyn TokenStore) {
    let user = Uuid::new_v4();
    let kept = record(user, NOW, HOUR);
    store.put(digest(1), &kept, NOW).await.unwrap();
    assert_eq!(store.remove(digest(1)).await.unwrap(), Some(kept));
    assert_eq!(store.remove(digest(1)).await.unwrap(), None);
    assert_eq!(store.get(digest(1)).await.unwrap(), None);
    assert_eq!(digests(store, user).await, []);
}

async fn of_many_who_take_one_gets_it(store: &dyn TokenStore) {
    let record = record(Uuid::new_v4(), NOW, HOUR);
    for round in 0..20 {
        store.put(digest(round), &record, NOW).await.unwrap();
        let takers = (0..16).map(|_| store.remove(digest(round)));
        let taken = join_all(takers).await;
        let winners = taken
            .iter()
            .filter(|outcome| outcome.as_ref().unwrap().is_some());
        assert_eq!(winners.count(), 1);
    }
}

async fn all_tokens_of_a_user_end_and_no_others(store: &dyn TokenStore) {
    let (leaver, stayer) = (Uuid::new_v4(), Uuid::new_v4());
    for number in 0..5 {
        store
            .put(digest(number), &record(leaver, NOW, HOUR), NOW)
            .await
            .unwrap();
    }
    store
        .put(digest(9), &record(stayer, NOW, HOUR), NOW)
        .await
        .unwrap();
    assert_eq!(store.remove_user(leaver).await.unwrap(), 5);
    assert_eq!(store.remove_user(leaver).await.unwrap(), 0);
    assert_eq!(store.get(digest(0)).await.unwrap(), None);
    assert_eq!(digests(store, stayer).await, [digest(9)]);
    store.remove_user(stayer).await.unwrap();
}

async fn a_slot_holds_one_token(store: &dyn TokenStore) {
    let user = Uuid::new_v4();
    let mut slotted = record(user, NOW, HOUR);
    slotted.slot = Some(Slot::Exclusive(digest(1000)));
    store.put(digest(1), &slotted, NOW).await.unwrap();
    store.put(digest(2), &slotted, NOW).await.unwrap();
    assert_eq!(store.get(digest(1)).await.unwrap(), None);
    store.remove(digest(2)).await.unwrap();
    store.put(digest(3), &slotted, NOW).await.unwrap();
    slotted.slot = Some(Slot::Exclusive(digest(1001)));
    store.put(digest(4), &slotted, NOW).await.unwrap();
    let mut listed = digests(store, user).await;
    listed.sort_unstable();
    assert_eq!(listed, [digest(3), digest(4)]);
    store.remove_user(user).await.unwrap();
}

async fn a_slot_leads_to_the_newest(store: &dyn TokenStore) {
    let user = Uuid::new_v4();
    let slot = digest(1002);
    let mut slotted = record(user, NOW, HOUR);
    slotted.slot = Some(Slot::Newest(slot));
    assert_eq!(store.slot_holder(slot).await.unwrap(), None);
    store.put(digest(1), &slotted, NOW).await.unwrap();
    store.put(digest(2), &slotted, NOW).await.unwrap();
    assert_eq!(store.slot_holder(slot).await.unwrap(), Some(digest(2)));
    assert!(store.get(digest(1)).await.unwrap().is_some());
    store.remove_user(user).await.unwrap();
}

async fn an_end_can_be_moved_but_not_brought_back(store: &dyn TokenStore) {
    let user = Uuid::new_v4();
    let mut moved = record(user, NOW, HOUR);
    store.put(digest(1), &moved, NOW).await.unwrap();
    let before = moved.clone();
    moved.expires_at += HOUR;
    assert!(
        store
            .replace(digest(1), &before, &moved, NOW)
            .await
            .unwrap()
    );
    assert_eq!(
        store.get(digest(1)).await.unwrap(),
        Some(Arc::new(moved.clone()))
    );
    store.sweep(NOW + HOUR).await.unwrap();
    assert_eq!(digests(store, user).await, [digest(1)]);
    store.remove(digest(1)).await.unwrap();
    let before = moved.clone();
    moved.expires_at += HOUR;
    assert!(
        !store
            .replace(digest(1), &before, &moved, NOW)
            .await
            .unwrap()
    );
    assert_eq!(store.get(digest(1)).await.unwrap(), None);
    assert_eq!(digests(store, user).await, []);
}

async fn of_many_who_replace_one_succeeds(store: &dyn TokenStore) {
    let user = Uuid::new_v4();
    let before = record(user, NOW, HOUR);
    store.put(digest(1), &before, NOW).await.unwrap();
    let spent = |number| Record {
        spent: Some(Redemption {
            child: Some(digest(number)),
            again: false,
        }),
        ..before.clone()
    };
    let rivals = (0..16).map(|number| {
        let (before, after) = (&before, spent(number));
        async move { store.replace(digest(1), before, &after, NOW).await.unwrap() }
    });
    let won: Vec<_> = join_all(rivals).await;
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
    let winner = u16::try_from(won.iter().position(|won| *won).unwrap()).unwrap();
    assert_eq!(
        store.get(digest(1)).await.unwrap(),
        Some(Arc::new(spent(winner)))
    );
    assert_eq!(
        digests(store, user).await,
        [],
        "what is spent is not listed"
    );
    // As if no token could be issued for it.
    let given_back = store.replace(digest(1), &spent(winner), &before, NOW).await;
    assert!(given_back.unwrap());
    assert_eq!(digests(store, user).await, [digest(1)]);
    store.remove(digest(1)).await.unwrap();
}

async fn each_is_shown_until_told_to_stop(store: &dyn TokenStore) {
    let user = Uuid::new_v4();
    for number in 0..10 {
        let record = record(user, NOW, HOUR);
        store.put(digest(number), &record, NOW).await.unwrap();
    }
    let mut shown = Vec::new();
    store
        .scan(&mut |digest, record| {
            if record.user == user {
                shown.push(digest);
            }
            ControlFlow::Continue(())
        })
        .await
        .unwrap();
    shown.sort_unstable();
    assert_eq!(shown, (0..10).map(digest).collect::<Vec<_>>());
    let mut count = 0;
    store
        .scan(&mut |_, _| {
            count += 1;
            ControlFlow::Break(())
        })
        .await
        .unwrap();
    assert_eq!(count, 1);
    store.remove_user(user).await.unwrap();
}

/// Runs all tests on a store that is empty and has [`CAPS`].
///
/// # Panics
/// If a test fails.
pub async fn pass_all<S: Plant>(store: &S) {
    store.ping().await.unwrap();
    what_is_put_is_got_and_listed(store).await;
    what_is_taken_is_gone(store).await;
    of_many_who_take_one_gets_it(store).await;
    all_tokens_of_a_user_end_and_no_others(store).await;
    a_slot_holds_one_token(store).await;
    a_slot_leads_to_the_newest(store).await;
    an_end_can_be_moved_but_not_brought_back(store).await;
    of_many_who_replace_one_succeeds(store).await;
    old_records::records_are_as_good_as_others(store).await;
    undecodable_records::holds_up_no_list_and_no_backup(store).await;
    undecodable_records::is_ended_like_any_other(store).await;
    session_limits::expired_tokens_make_room_before_live_ones(store).await;
    session_limits::the_least_recently_used_goes_first(store).await;
    session_limits::a_client_of_a_user_has_a_cap_of_its_own(store).await;
    session_limits::a_login_has_a_cap_of_its_own(store).await;
    session_limits::a_crowded_dialect_pushes_no_other_out(store).await;
    purposes::one_time_tokens_push_nothing_else_out(store).await;
    purposes::sessions_push_no_remembering_token_out(store).await;
    purposes::a_token_may_have_so_many_beside_it(store).await;
    purposes::of_many_at_once_as_many_stay_as_may(store).await;
    acting_as_user::a_token_is_also_listed_under_its_actor(store).await;
    each_is_shown_until_told_to_stop(store).await;
    backup::tokens_are_as_they_were(store).await;
    session_limits::many_logins_leave_a_bounded_list(store, 300).await;
}

/// Tests that the list of a user stays bounded over ten thousand logins, which takes a while. A backend runs this on
/// one store that is empty and has [`CAPS`], next to [`pass_all`] on a store of each kind.
pub async fn ten_thousand_logins_leave_a_bounded_list(store: &dyn TokenStore) {
    session_limits::many_logins_leave_a_bounded_list(store, 10_000).await;
}
