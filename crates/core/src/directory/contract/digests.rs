//! Digests of cards and keys are stored under a digest key, and no pepper's end ends one.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use time::macros::datetime;

use super::{FILE, load, passwords};
use crate::clock::{Clock as _, MockClock};
use crate::directory::file::{File, import};
use crate::directory::{CardName, DigestKeys, Directory, KeyDigest, KeyEntry};
use crate::pepper::{Pepper, Peppers};
use crate::scope::Scopes;

const CODE: &str = "CCD4537CA4AD4EE8912FFBAE53110601";
const KEY: &str = "6C12345D-9B0C-4F3C-23AB-B5721D098F7B";
const REALM: &str = "here";
const OLD: &str = "the pepper of last year";
const NEW: &str = "the pepper of this year";
const DAY: Duration = Duration::from_hours(24);

/// Opens the same database again, as another process would.
pub(super) trait Reopen {
    async fn open(&self, digests: DigestKeys) -> Box<dyn Directory>;
}

/// All of it, each in a database of its own.
pub(super) async fn hold<D: Reopen>(fresh: impl Fn() -> D) {
    new_digests_are_keyed(&fresh()).await;
    plain_digests_are_keyed_at_the_next_use(&fresh()).await;
    plain_digests_that_are_not_used_are_keyed_too(&fresh()).await;
    no_rotation_ends_a_card_or_key(&fresh()).await;
    with_a_wrong_pepper_nothing_is_taken_for_wrong(&fresh()).await;
    an_export_is_good_elsewhere(&fresh(), &fresh()).await;
    many_at_once_agree(&fresh()).await;
    what_can_be_guessed_is_refused(&fresh()).await;
}

fn clock() -> Arc<MockClock> {
    Arc::new(MockClock::at(datetime!(2026-11-29 12:00 UTC)))
}

fn pepper(text: &str) -> Pepper {
    Pepper::new(text).unwrap()
}

fn under(current: &str, previous: Option<&str>, clock: &Arc<MockClock>) -> DigestKeys {
    let peppers = Peppers {
        current: pepper(current),
        previous: previous.map(pepper),
    };
    DigestKeys::under(peppers, clock.clone())
}

fn without(clock: &Arc<MockClock>) -> DigestKeys {
    DigestKeys::without_pepper(clock.clone())
}

async fn finds_card(directory: &dyn Directory) -> Result<bool, String> {
    let found = directory.card(CardName::Code(KeyDigest::of(CODE))).await;
    found.map(|card| card.is_some()).map_err(|error| error.to_string())
}

async fn finds_key(directory: &dyn Directory) -> Result<bool, String> {
    let found = directory.key(REALM, KeyDigest::of(KEY)).await;
    found.map(|key| key.is_some()).map_err(|error| error.to_string())
}

async fn assert_found(directory: &dyn Directory, when: &str) {
    assert_eq!(finds_card(directory).await, Ok(true), "the card, {when}");
    assert_eq!(finds_key(directory).await, Ok(true), "the key, {when}");
}

/// The digests as they are stored: the card's and the key's.
async fn stored(directory: &dyn Directory) -> [KeyDigest; 2] {
    let snapshot = directory.snapshot().await.unwrap();
    let mut cards = snapshot.users.iter().flat_map(|user| &user.access_cards);
    let card = cards.find_map(|card| card.code_digest).unwrap();
    let key = snapshot.keys.iter().find(|key| key.label == "test").unwrap();
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

    let elsewhere = KeyDigest::of("another key, which is nobody's");
    assert!(directory.key(REALM, elsewhere).await.unwrap().is_none());
    assert!(directory.key("there", KeyDigest::of(KEY)).await.unwrap().is_none());
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
    assert!(!directory.remove_key("admin", as_stored.digest).await.unwrap());
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
    assert_eq!(stored(newer.as_ref()).await, plain(), "older gateways know no other");
    clock.advance(DAY);
    assert_found(newer.as_ref(), "as they become keyed").await;
    let keyed = stored(newer.as_ref()).await;
    assert!(are_keyed(keyed), "{keyed:?}");
    assert_found(newer.as_ref(), "keyed").await;
    assert_found(database.open(under(OLD, None, &clock)).await.as_ref(), "after a start").await;

    let listed = newer.keys().await.unwrap();
    assert_ne!(listed[0].id(), former_id);
    let found = newer.key_of_former_id(&former_id).await.unwrap();
    assert_eq!(found.as_ref(), listed.first());
    assert!(newer.key_of_former_id("000000000000").await.unwrap().is_none());

    // An old export, with plain digests, is about the same card and key.
    let mut export = newer.snapshot().await.unwrap();
    export.users[0].access_cards.iter_mut().for_each(|card| {
        card.code_digest = card.code_digest.map(|_| KeyDigest::of(CODE));
    });
    export.keys[0].digest = KeyDigest::of(KEY);
    let applied = newer.apply(&export).await.unwrap();
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

async fn no_rotation_ends_a_card_or_key(database: &impl Reopen) {
    let clock = clock();
    let before = database.open(under(OLD, None, &clock)).await;
    load(before.as_ref(), FILE).await.unwrap();
    let digests = stored(before.as_ref()).await;

    clock.advance(DAY);
    let both = database.open(under(NEW, Some(OLD), &clock)).await;
    assert_found(both.as_ref(), "with both peppers").await;
    let late = database.open(under(OLD, None, &clock)).await;
    assert_found(late.as_ref(), "at a gateway that has the old pepper alone").await;
    assert_found(before.as_ref(), "at a gateway that was started before").await;

    clock.advance(DAY);
    let done = database.open(under(NEW, None, &clock)).await;
    assert_found(done.as_ref(), "without the old pepper").await;
    assert_eq!(stored(done.as_ref()).await, digests);
    let seals = done.snapshot().await.unwrap().digest_keys;
    assert_eq!(seals.len(), 1, "the old pepper opens nothing: {seals:?}");
    assert_eq!(finds_card(before.as_ref()).await, Ok(true), "what is open stays open");

    // Another rotation, and the way back.
    clock.advance(DAY);
    let back = database.open(under(OLD, Some(NEW), &clock)).await;
    assert_found(back.as_ref(), "on the way back").await;
    let back = database.open(under(OLD, None, &clock)).await;
    assert_found(back.as_ref(), "back").await;
}

async fn with_a_wrong_pepper_nothing_is_taken_for_wrong(database: &impl Reopen) {
    let clock = clock();
    let right = database.open(under(OLD, None, &clock)).await;
    load(right.as_ref(), FILE).await.unwrap();
    let key = right.digest_keys().await.unwrap().remove(0);
    assert!(key.is_readable && key.digests == 2, "{key:?}");

    let wrong = database.open(under(NEW, None, &clock)).await;
    let reason = format!("no pepper of the configuration opens the digest key {}", key.id);
    let unavailable = Err(format!("directory: {reason}"));
    assert_eq!(finds_card(wrong.as_ref()).await, unavailable);
    assert_eq!(finds_key(wrong.as_ref()).await, unavailable);
    assert_eq!(wrong.unreadable_digest_keys(), [key.id]);
    assert!(wrong.account("ada").await.unwrap().is_some());
    let more = FILE.replace("code = \"CCD4", "code = \"DDD4");
    let refused = load(wrong.as_ref(), &more).await.unwrap_err();
    assert!(refused.contains(&reason), "{refused}");
    assert!(!right.remove_digest_key(key.id).await.unwrap(), "it is in use");

    // The pepper is lost. The cards and keys are set again.
    assert!(wrong.remove_digest_key(key.id).await.unwrap());
    assert!(!wrong.remove_digest_key(key.id).await.unwrap());
    assert_eq!(finds_card(wrong.as_ref()).await, Ok(false));
    load(wrong.as_ref(), FILE).await.unwrap();
    assert_found(wrong.as_ref(), "set again").await;
    assert!(wrong.unreadable_digest_keys().is_empty());
}

async fn an_export_is_good_elsewhere(one: &impl Reopen, other: &impl Reopen) {
    let clock = clock();
    let here = one.open(under(OLD, None, &clock)).await;
    load(here.as_ref(), FILE).await.unwrap();
    let export = toml::to_string(&here.snapshot().await.unwrap()).unwrap();

    let stranger = other.open(under(NEW, None, &clock)).await;
    let refused = load(stranger.as_ref(), &export).await.unwrap_err();
    assert!(refused.contains("is sealed under another pepper"), "{refused}");
    let (keyless, _) = export.split_once("[[digest_keys]]").unwrap();
    let refused = load(stranger.as_ref(), keyless).await.unwrap_err();
    assert!(refused.contains("neither in the file nor in the directory"), "{refused}");

    // It has a digest key of its own by now.
    let there = other.open(under(NEW, Some(OLD), &clock)).await;
    there.digest_keys().await.unwrap();
    load(there.as_ref(), &export).await.unwrap();
    assert_found(there.as_ref(), "under the pepper of before").await;
    assert_found(stranger.as_ref(), "at a gateway that was started before").await;
    clock.advance(DAY);
    let there = other.open(under(NEW, None, &clock)).await;
    assert_found(there.as_ref(), "elsewhere").await;
    assert_eq!(there.digest_keys().await.unwrap().len(), 2);
}

/// Several gateways find out at once that there is no digest key yet, or that digests are plain.
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

async fn what_can_be_guessed_is_refused(database: &impl Reopen) {
    let clock = clock();
    let directory = database.open(under(OLD, None, &clock)).await;
    let card = FILE.replace(CODE, "90210");
    let key = FILE.replace(KEY, "abc");
    let import = async |text: &str| {
        let file = File::parse(Path::new("d.toml"), text).unwrap();
        let file = file.with_public_realms(&["public"]);
        let weak = file.guessable();
        let done = import(directory.as_ref(), &passwords(), file, |_| {}).await;
        (weak, done.map_err(|error| error.to_string()))
    };
    let reason = "can be guessed: take 16 random characters or more, or set allow_weak = true for \
                  one that is in use already";
    let (weak, done) = import(&card).await;
    assert_eq!(weak, ["user Ada, access card 1"]);
    assert_eq!(done, Err(format!("user Ada, access card 1, code: {reason}")));
    let (weak, done) = import(&key).await;
    assert_eq!(weak, ["here key test"]);
    assert_eq!(done, Err(format!("here key test: {reason}")));
    assert!(directory.snapshot().await.unwrap().users.is_empty());

    let public = key.replace("realm = \"here\"", "realm = \"public\"");
    assert!(import(&public).await.0.is_empty());
    for (text, marked) in [
        (&card, card.replace("\"90210\"", "\"90210\", allow_weak = true")),
        (&key, key.replace("\"abc\"", "\"abc\"\nallow_weak = true")),
    ] {
        let (weak, done) = import(&marked).await;
        assert!(weak.is_empty() && done.is_ok(), "{weak:?} {done:?}");
        let (weak, done) = import(text).await;
        assert!(weak.len() == 1 && done.is_ok(), "it is there already: {weak:?} {done:?}");
    }
    let now = clock.now();
    assert!(directory.digest_keys().await.unwrap()[0].made_at > now - Duration::from_secs(1));
}
