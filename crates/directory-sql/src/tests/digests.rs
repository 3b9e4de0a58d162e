//! Digests of cards and keys are stored under a digest key, and stay valid when a pepper is retired.

pub(super) mod moves;
mod peppers;
mod weak;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use isogloss_core::directory::{CardRef, DigestKeys, Directory, KeyDigest, KeyEntry};
use isogloss_core::{MockClock, Pepper, Peppers, Scopes};
use time::macros::datetime;

use super::{FILE, load};

const CODE: &str = "CCD4537CA4AD4EE8912FFBAE53110601";
const KEY: &str = "6C12345D-9B0C-4F3C-23AB-B5721D098F7B";
const REALM: &str = "here";
pub(super) const OLD: &str = "the pepper of last year";
pub(super) const NEW: &str = "the pepper of this year";
const DAY: Duration = Duration::from_hours(24);

/// A database that can be opened again, as by another process.
pub(super) trait Reopen {
    async fn open(&self, digests: DigestKeys) -> Box<dyn Directory>;
}

/// Runs all checks of digests under a digest key, each in its own database.
pub(super) async fn hold<D: Reopen>(fresh: impl Fn() -> D) {
    new_digests_are_keyed(&fresh()).await;
    plain_digests_are_keyed_at_the_next_use(&fresh()).await;
    plain_digests_that_are_not_used_are_keyed_too(&fresh()).await;
    peppers::no_rotation_ends_a_card_or_key(&fresh()).await;
    peppers::with_a_wrong_pepper_nothing_is_taken_for_wrong(&fresh()).await;
    peppers::an_export_is_good_elsewhere(&fresh(), &fresh()).await;
    peppers::a_new_digest_key_takes_over_at_the_next_use(&fresh()).await;
    moves::a_key_that_is_revoked_elsewhere_is_revoked_back_here(&fresh(), &fresh()).await;
    moves::a_plain_key_is_revoked_by_an_export_under_a_digest_key(&fresh(), &fresh()).await;
    moves::nothing_is_added_while_a_digest_key_does_not_open(&fresh()).await;
    moves::one_code_is_of_one_card(&fresh()).await;
    moves::a_pass_code_is_set_of_a_card_named_by_its_code(&fresh()).await;
    many_at_once_agree(&fresh()).await;
    weak::what_can_be_guessed_is_refused(&fresh()).await;
}

pub(super) fn clock() -> Arc<MockClock> {
    Arc::new(MockClock::at(datetime!(2026-11-29 12:00 UTC)))
}

pub(super) fn pepper(text: &str) -> Pepper {
    Pepper::new(text).unwrap()
}

pub(super) fn under(current: &str, previous: Option<&str>, clock: &Arc<MockClock>) -> DigestKeys {
    let peppers = Peppers {
        current: pepper(current),
        previous: previous.map(pepper),
    };
    DigestKeys::under(peppers, clock.clone())
}

pub(super) fn without(clock: &Arc<MockClock>) -> DigestKeys {
    DigestKeys::without_pepper(clock.clone())
}

async fn finds_card(directory: &dyn Directory) -> Result<bool, String> {
    let found = directory.card(CardRef::Code(KeyDigest::of(CODE))).await;
    found
        .map(|card| card.is_some())
        .map_err(|error| error.to_string())
}

async fn finds_key(directory: &dyn Directory) -> Result<bool, String> {
    let found = directory.key(REALM, KeyDigest::of(KEY)).await;
    found
        .map(|key| key.is_some())
        .map_err(|error| error.to_string())
}

async fn assert_found(directory: &dyn Directory, when: &str) {
    assert_eq!(finds_card(directory).await, Ok(true), "the card, {when}");
    assert_eq!(finds_key(directory).await, Ok(true), "the key, {when}");
}

/// Returns the stored digests of the card and the key.
async fn stored(directory: &dyn Directory) -> [KeyDigest; 2] {
    let snapshot = directory.snapshot().await.unwrap();
    let mut cards = snapshot.users.iter().flat_map(|user| &user.access_cards);
    let card = cards.find_map(|card| card.code_digest).unwrap();
    let key = snapshot
        .keys
        .iter()
        .find(|key| key.label == "test")
        .unwrap();
    [card, key.digest]
}

fn plain() -> [KeyDigest; 2] {
    [KeyDigest::of(CODE), KeyDigest::of(KEY)]
}

fn are_keyed(digests: [KeyDigest; 2]) -> bool {
    let plain = plain().map(KeyDigest::hex);
    digests
        .iter()
        .all(|digest| digest.key().is_some() && !plain.contains(&digest.hex()))
}

async fn new_digests_are_keyed(database: &impl Reopen) {
    let clock = clock();
    let directory = database.open(under(OLD, None, &clock)).await;
    load(directory.as_ref(), FILE).await.unwrap();
    assert!(are_keyed(stored(directory.as_ref()).await));
    assert_found(directory.as_ref(), "after the import").await;
    let again = load(directory.as_ref(), FILE).await.unwrap();
    assert_eq!((again.created, again.updated), (0, 0), "applied twice");

    let elsewhere = KeyDigest::of("another key, which no user has");
    assert!(directory.key(REALM, elsewhere).await.unwrap().is_none());
    assert!(
        directory
            .key("there", KeyDigest::of(KEY))
            .await
            .unwrap()
            .is_none()
    );
    let added = KeyEntry {
        realm: "admin".to_owned(),
        label: "new".to_owned(),
        digest: KeyDigest::of("the text of a new key"),
        user: None,
        scopes: Scopes::ALL,
        expires_at: None,
    };
    let as_stored = directory.add_key(&added).await.unwrap().unwrap();
    assert!(as_stored.digest.key().is_some());
    assert!(directory.keys().await.unwrap().contains(&as_stored));
    assert!(directory.add_key(&added).await.unwrap().is_none(), "twice");
    assert!(directory.remove_key("admin", added.digest).await.unwrap());
    assert!(
        !directory
            .remove_key("admin", as_stored.digest)
            .await
            .unwrap()
    );
}

async fn plain_digests_are_keyed_at_the_next_use(database: &impl Reopen) {
    let clock = clock();
    let older = database.open(without(&clock)).await;
    load(older.as_ref(), FILE).await.unwrap();
    assert_eq!(stored(older.as_ref()).await, plain());
    let former_id = older.keys().await.unwrap()[0].id();

    let newer = database.open(under(OLD, None, &clock)).await;
    assert_found(newer.as_ref(), "on the first day").await;
    assert_eq!(newer.key_digests(100).await.unwrap(), 0);
    assert_eq!(
        stored(newer.as_ref()).await,
        plain(),
        "older gateways know no other"
    );
    clock.advance(DAY);
    assert_found(newer.as_ref(), "as they become keyed").await;
    let keyed = stored(newer.as_ref()).await;
    assert!(are_keyed(keyed), "{keyed:?}");
    assert_found(newer.as_ref(), "keyed").await;
    assert_found(
        database.open(under(OLD, None, &clock)).await.as_ref(),
        "after a start",
    )
    .await;

    let listed = newer.keys().await.unwrap();
    assert_ne!(listed[0].id(), former_id);
    let found = newer.key_of_former_id(&former_id).await.unwrap();
    assert_eq!(found.as_ref(), listed.first());
    assert!(
        newer
            .key_of_former_id("000000000000")
            .await
            .unwrap()
            .is_none()
    );

    // An old export with plain digests refers to the same card and key.
    let mut export = newer.snapshot().await.unwrap();
    export.users[0].access_cards.iter_mut().for_each(|card| {
        card.code_digest = card.code_digest.map(|_| KeyDigest::of(CODE));
    });
    export.keys[0].digest = KeyDigest::of(KEY);
    let export = toml::to_string(&export).unwrap();
    let applied = load(newer.as_ref(), &export).await.unwrap();
    assert_eq!((applied.created, applied.updated), (0, 0));
    assert_eq!(stored(newer.as_ref()).await, keyed);
}

async fn plain_digests_that_are_not_used_are_keyed_too(database: &impl Reopen) {
    let clock = clock();
    let older = database.open(without(&clock)).await;
    load(older.as_ref(), FILE).await.unwrap();
    let newer = database.open(under(OLD, None, &clock)).await;
    assert_eq!(newer.key_digests(100).await.unwrap(), 0);
    clock.advance(DAY);
    assert_eq!(newer.key_digests(1).await.unwrap(), 1);
    assert_eq!(newer.key_digests(100).await.unwrap(), 1);
    assert_eq!(newer.key_digests(100).await.unwrap(), 0);
    assert!(are_keyed(stored(newer.as_ref()).await));
    assert_found(newer.as_ref(), "keyed").await;
}

/// Checks that several gateways find all entries when they detect concurrently that there is no digest key yet, or
/// that digests are plain.
async fn many_at_once_agree(database: &impl Reopen) {
    let clock = clock();
    let older = database.open(without(&clock)).await;
    load(older.as_ref(), FILE).await.unwrap();
    let mut many = Vec::new();
    for _ in 0..8 {
        many.push(database.open(under(OLD, None, &clock)).await);
    }
    for advance in [Duration::ZERO, DAY] {
        clock.advance(advance);
        let found = many.iter().map(async |one| {
            assert_found(one.as_ref(), "at once").await;
        });
        join_all(found).await;
    }
    assert!(are_keyed(stored(many[0].as_ref()).await));
    for one in &many {
        assert_found(one.as_ref(), "afterwards").await;
    }
    assert_eq!(older.keys().await.unwrap().len(), 1);
}
