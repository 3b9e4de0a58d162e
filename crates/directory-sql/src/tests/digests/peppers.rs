//! Cards and keys while peppers and digest keys change.

use super::super::{FILE, load};
use super::{DAY, NEW, OLD, Reopen, assert_found, clock, finds_card, finds_key, stored, under};

pub(super) async fn no_rotation_ends_a_card_or_key(database: &impl Reopen) {
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
    assert_eq!(
        finds_card(before.as_ref()).await,
        Ok(true),
        "what is open stays open"
    );

    // Another rotation, back to the old pepper.
    clock.advance(DAY);
    let back = database.open(under(OLD, Some(NEW), &clock)).await;
    assert_found(back.as_ref(), "on the way back").await;
    let back = database.open(under(OLD, None, &clock)).await;
    assert_found(back.as_ref(), "back").await;
}

pub(super) async fn with_a_wrong_pepper_nothing_is_taken_for_wrong(database: &impl Reopen) {
    let clock = clock();
    let right = database.open(under(OLD, None, &clock)).await;
    load(right.as_ref(), FILE).await.unwrap();
    let key = right.digest_keys().await.unwrap().remove(0);
    assert!(key.is_readable && key.digests == 2, "{key:?}");

    let wrong = database.open(under(NEW, None, &clock)).await;
    let reason = format!(
        "no pepper of the configuration opens the digest key {}",
        key.id
    );
    let unavailable = Err(format!("directory: {reason}"));
    assert_eq!(finds_card(wrong.as_ref()).await, unavailable);
    assert_eq!(finds_key(wrong.as_ref()).await, unavailable);
    assert_eq!(wrong.unreadable_digest_keys(), [key.id]);
    assert!(wrong.account("ada").await.unwrap().is_some());
    let more = FILE.replace("code = \"CCD4", "code = \"DDD4");
    let refused = load(wrong.as_ref(), &more).await.unwrap_err();
    assert!(refused.contains(&reason), "{refused}");
    assert_eq!(
        right.remove_digest_key(key.id).await.unwrap(),
        None,
        "it is in use"
    );

    // The pepper is lost, and the cards and keys are set again.
    assert_eq!(wrong.remove_digest_key(key.id).await.unwrap(), Some(0));
    assert_eq!(wrong.remove_digest_key(key.id).await.unwrap(), None);
    assert_eq!(finds_card(wrong.as_ref()).await, Ok(false));
    load(wrong.as_ref(), FILE).await.unwrap();
    assert_found(wrong.as_ref(), "set again").await;
    assert!(wrong.unreadable_digest_keys().is_empty());
}

pub(super) async fn an_export_is_good_elsewhere(one: &impl Reopen, other: &impl Reopen) {
    let clock = clock();
    let here = one.open(under(OLD, None, &clock)).await;
    load(here.as_ref(), FILE).await.unwrap();
    let export = toml::to_string(&here.snapshot().await.unwrap()).unwrap();

    let stranger = other.open(under(NEW, None, &clock)).await;
    let refused = load(stranger.as_ref(), &export).await.unwrap_err();
    assert!(
        refused.contains("is sealed under another pepper"),
        "{refused}"
    );
    let (keyless, _) = export.split_once("[[digest_keys]]").unwrap();
    let refused = load(stranger.as_ref(), keyless).await.unwrap_err();
    assert!(
        refused.contains("neither in the file nor in the directory"),
        "{refused}"
    );

    // It has created its own digest key by now, under which nothing is stored.
    let there = other.open(under(NEW, Some(OLD), &clock)).await;
    there.digest_keys().await.unwrap();
    load(there.as_ref(), &export).await.unwrap();
    assert_found(there.as_ref(), "under the pepper of before").await;
    assert_found(stranger.as_ref(), "at a gateway that was started before").await;
    clock.advance(DAY);
    let there = other.open(under(NEW, None, &clock)).await;
    assert_found(there.as_ref(), "elsewhere").await;
    let keys = there.digest_keys().await.unwrap();
    assert_eq!(keys.len(), 1, "it took over the file's: {keys:?}");
}

pub(super) async fn a_new_digest_key_takes_over_at_the_next_use(database: &impl Reopen) {
    let clock = clock();
    let directory = database.open(under(OLD, None, &clock)).await;
    let other = database.open(under(OLD, None, &clock)).await;
    load(directory.as_ref(), FILE).await.unwrap();
    assert_found(other.as_ref(), "before").await;
    let before = stored(directory.as_ref()).await;
    clock.advance(DAY);
    let id = directory.add_digest_key().await.unwrap();
    assert_eq!(stored(directory.as_ref()).await, before);
    assert_found(directory.as_ref(), "at the next use").await;
    let after = stored(directory.as_ref()).await;
    assert!(
        after.iter().all(|digest| digest.key() == Some(id)),
        "{after:?}"
    );
    assert_found(other.as_ref(), "at a gateway that knew the other key only").await;
    let again = load(other.as_ref(), FILE).await.unwrap();
    assert_eq!((again.created, again.updated), (0, 0));
}
