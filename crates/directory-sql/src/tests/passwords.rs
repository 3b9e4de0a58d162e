//! Setting passwords, and replacing hashes with others of the same password.

use isogloss_core::UserState;
use isogloss_core::directory::{Directory, KeyDigest};
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::{FILE, load_over, passwords};

pub(super) async fn hold(directory: &dyn Directory) {
    password_and_state_changes_start_a_new_generation(directory).await;
    a_hash_is_replaced_only_if_it_is_the_old_one_still(directory).await;
}

async fn password_and_state_changes_start_a_new_generation(directory: &dyn Directory) {
    let ada = directory.account("ada").await.unwrap().unwrap().user;
    let mut generation = ada.generation;
    let hash = passwords().hash("engine".into()).await.unwrap();
    directory.set_password(ada.id, &hash).await.unwrap();
    generation += 1;
    assert_eq!(
        directory.user(ada.id).await.unwrap().unwrap().generation,
        generation
    );
    directory
        .set_state(ada.id, UserState::Disabled)
        .await
        .unwrap();
    generation += 1;
    directory
        .set_state(ada.id, UserState::Active)
        .await
        .unwrap();
    assert_eq!(
        directory.user(ada.id).await.unwrap().unwrap().generation,
        generation
    );
    load_over(directory, FILE).await.unwrap();
    assert_eq!(
        directory.user(ada.id).await.unwrap().unwrap().generation,
        generation + 1
    );
}

async fn a_hash_is_replaced_only_if_it_is_the_old_one_still(directory: &dyn Directory) {
    let ada = directory.account("ada").await.unwrap().unwrap();
    let (id, old) = (
        ada.user.id,
        ada.password_hash.as_ref().unwrap().expose_secret(),
    );
    for (user, from) in [(id, "another"), (Uuid::new_v4(), old)] {
        assert!(!directory.replace_hash(user, from, "new").await.unwrap());
    }
    assert!(directory.replace_hash(id, old, "new").await.unwrap());
    assert!(!directory.replace_hash(id, old, "newer").await.unwrap());
    let after = directory.account("ada").await.unwrap().unwrap();
    assert_eq!(after.password_hash.as_ref().unwrap().expose_secret(), "new");
    // The generation is unchanged, too, so tokens stay valid.
    assert_eq!(after.user, ada.user);
    // All replaced hashes are known as the same password, as long as this password is set.
    let replaced = async || {
        let users = directory.snapshot().await.unwrap().users;
        let ada = users.into_iter().find(|user| user.id == id).unwrap();
        ada.replaced_hashes
    };
    let mut known = vec![KeyDigest::of(old), KeyDigest::of("new")];
    known.sort();
    assert_eq!(replaced().await, [KeyDigest::of(old)]);
    assert!(directory.replace_hash(id, "new", "newest").await.unwrap());
    assert_eq!(replaced().await, known);
    directory.set_password(id, old).await.unwrap();
    assert_eq!(replaced().await, []);
}
