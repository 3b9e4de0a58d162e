//! Values that were set here are exported to another directory, and back.

use isogloss_core::directory::Snapshot;

use super::super::load_over;
use super::newer::{KEPT, is_as_set_here, set_here};
use super::*;

#[tokio::test]
async fn what_was_set_here_moves_with_an_export_with_sqlite() {
    with_sqlite(async |directory, other| hold(directory, other).await).await;
}

#[tokio::test]
async fn what_was_set_here_moves_with_an_export_with_postgres() {
    with_postgres(async |directory, other| hold(directory, other).await).await;
}

async fn hold(directory: &dyn Directory, other: &dyn Directory) {
    load_over(directory, FULL).await.unwrap();
    let early = exported(directory).await;
    set_here(directory).await;
    nothing_comes_back_there(directory, other).await;
    nothing_comes_back_here(directory, other, &early).await;
    an_export_of_an_older_release_takes_nothing_back(other, &early).await;
}

fn ina_of(snapshot: &Snapshot) -> &UserEntry {
    of(snapshot, "ina")
}

/// Checks that values that were set in one directory reach the other by an export, and stay there when an older file
/// is applied. The other directory has not applied a file before.
async fn nothing_comes_back_there(directory: &dyn Directory, other: &dyn Directory) {
    let text = exported(directory).await;
    load(other, &text).await.unwrap();
    let (here, there) = (
        directory.snapshot().await.unwrap(),
        other.snapshot().await.unwrap(),
    );
    assert_eq!(ina_of(&there), ina_of(&here));
    assert_eq!(there.revoked_keys, here.revoked_keys);
    let applied = load(other, FULL).await.unwrap();
    assert_eq!(kept(&applied), KEPT);
    is_as_set_here(other).await;
    assert_eq!(ina_of(&other.snapshot().await.unwrap()), ina_of(&there));
}

/// Checks that an export of the other directory, which has changed, brings a later password to the first one, which
/// has not, and that older files do not replace that password.
async fn nothing_comes_back_here(directory: &dyn Directory, other: &dyn Directory, early: &str) {
    let id = user(other, "ina").await.id;
    other.set_password(id, &hash("newest").await).await.unwrap();
    let text = exported(other).await;
    load(directory, &text).await.unwrap();
    assert!(
        has_password(directory, "ina", "newest").await,
        "it is the later state"
    );
    for text in [FULL, early] {
        load(directory, text).await.unwrap();
        assert!(has_password(directory, "ina", "newest").await);
        assert!(!has_password(directory, "ina", "newer").await);
    }
}

/// Checks that an export without marks, as an older release writes it, replaces no later password and restores no
/// revoked key.
async fn an_export_of_an_older_release_takes_nothing_back(other: &dyn Directory, early: &str) {
    let unmarked: Vec<_> = early
        .lines()
        .filter(|line| !line.starts_with("set_here") && !line.starts_with("generation"))
        .collect();
    load(other, &unmarked.join("\n")).await.unwrap();
    assert!(has_password(other, "ina", "newest").await);
    let key = KeyDigest::of("the imported key");
    assert!(other.key("admin", key).await.unwrap().is_none());
}
