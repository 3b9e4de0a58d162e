//! Tombstones of erased users, while peppers and digest keys change.

use super::super::digests::{NEW, OLD, Reopen, clock, under, without};
use super::super::{FILE, load};
use super::{erase, filled, id_of, is_there, left_out};

pub(super) async fn a_tombstone_outlives_the_pepper(database: &impl Reopen) {
    let clock = clock();
    let directory = database.open(under(OLD, None, &clock)).await;
    load(directory.as_ref(), FILE).await.unwrap();
    erase(directory.as_ref(), "ada").await;
    let rotated = database.open(under(NEW, Some(OLD), &clock)).await;
    let both = Ok(left_out(&["user Ada", "here key test"], 2));
    assert_eq!(load(rotated.as_ref(), FILE).await, both);
    let after = database.open(under(NEW, None, &clock)).await;
    assert_eq!(load(after.as_ref(), FILE).await, both);
    let wrong = database.open(without(&clock)).await;
    let refused = load(wrong.as_ref(), FILE).await.unwrap_err();
    assert!(
        refused.contains("no pepper of the configuration"),
        "{refused}"
    );
    assert!(!is_there(wrong.as_ref(), "ada").await);
}

/// Checks that removing a digest key removes the tombstones that were made with it: otherwise, no file could be
/// imported any more once the pepper is lost.
pub(super) async fn a_tombstone_ends_with_its_digest_key(database: &impl Reopen) {
    let directory = filled(database).await;
    erase(directory.as_ref(), "ada").await;
    let key = directory.digest_keys().await.unwrap().remove(0).id;
    let after = database.open(under(NEW, None, &clock())).await;
    let after = after.as_ref();
    let refused = load(after, FILE).await.unwrap_err();
    assert!(
        refused.contains("no pepper of the configuration"),
        "{refused}"
    );
    assert_eq!(after.remove_digest_key(key).await.unwrap(), Some(3));
    assert_eq!(after.snapshot().await.unwrap().erased_users, []);
    assert_eq!(load(after, FILE).await.unwrap().erased, [""; 0]);
    assert!(is_there(after, "ada").await);
}

pub(super) async fn an_export_takes_tombstones_along(here: &impl Reopen, there: &impl Reopen) {
    let directory = filled(here).await;
    erase(directory.as_ref(), "ada").await;
    let export = directory.snapshot().await.unwrap();
    let export = toml::to_string(&export).unwrap();
    let moved = there.open(under(OLD, None, &clock())).await;
    for _ in 0..2 {
        load(moved.as_ref(), &export).await.unwrap();
    }
    let both = Ok(left_out(&["user Ada", "here key test"], 2));
    assert_eq!(load(moved.as_ref(), FILE).await, both);
}

pub(super) async fn without_a_pepper_nothing_is_erased(database: &impl Reopen) {
    let directory = database.open(without(&clock())).await;
    let directory = directory.as_ref();
    load(directory, FILE).await.unwrap();
    let id = id_of(directory, "ada").await;
    let refused = directory.erase(id).await.unwrap_err().to_string();
    assert!(refused.starts_with("no digest key"), "{refused}");
    assert!(is_there(directory, "ada").await);
}
