//! Values that are set between the hashing of a file and its transaction are not overwritten.

use isogloss_core::backend::directory::{check_entries, hash_secrets};
use isogloss_core::directory::{Change, Patch, UserEdit, Wanted};

use super::super::{file, load_over};
use super::newer::{KEPT, is_as_set_here, set_here};
use super::*;

#[tokio::test]
async fn what_is_set_while_a_file_is_hashed_stays_with_sqlite() {
    with_sqlite(async |directory, _| hold(directory).await).await;
}

#[tokio::test]
async fn what_is_set_while_a_file_is_hashed_stays_with_postgres() {
    with_postgres(async |directory, _| hold(directory).await).await;
}

async fn hold(directory: &dyn Directory) {
    what_is_set_here_meanwhile_stays(directory).await;
    what_another_import_brings_meanwhile_stays(directory).await;
    a_hash_that_a_login_replaces_meanwhile_is_the_same_password(directory).await;
    what_a_file_does_not_say_may_change_meanwhile(directory).await;
    a_user_who_comes_meanwhile_is_no_second_one(directory).await;
}

/// Returns a file that is checked and hashed, but not yet applied.
async fn hashed(directory: &dyn Directory, text: &str) -> Wanted {
    let wanted = check_entries(file(text), &passwords()).unwrap();
    let present = directory.present(&wanted).await.unwrap();
    hash_secrets(&present, &passwords(), wanted, |_| {})
        .await
        .unwrap()
}

async fn what_is_set_here_meanwhile_stays(directory: &dyn Directory) {
    let v2 = FULL.replace("ina-pw", "another");
    for text in [FULL, &v2] {
        load_over(directory, FULL).await.unwrap();
        let wanted = hashed(directory, text).await;
        set_here(directory).await;
        let before = directory.snapshot().await.unwrap();
        let applied = directory.apply(&wanted).await.unwrap();
        assert_eq!(kept(&applied), KEPT);
        assert_eq!(directory.snapshot().await.unwrap(), before);
        is_as_set_here(directory).await;
    }
}

/// Checks that passwords and pass codes stay that another import stores after a file was hashed and before it is
/// applied. It is unknown whether hashes that were made when another hash was stored are still needed.
async fn what_another_import_brings_meanwhile_stays(directory: &dyn Directory) {
    load_over(directory, FULL).await.unwrap();
    let [mine, theirs] = ["first", "second"].map(|one| {
        let text = FULL.replace("ina-pw", one);
        text.replace("\"12345\"", &format!("\"{one}\""))
    });
    let wanted = hashed(directory, &mine).await;
    load(directory, &theirs).await.unwrap();
    let before = directory.snapshot().await.unwrap();
    let applied = directory.apply(&wanted).await.unwrap();
    let expected = ["user ina: password", "user ina: pass code"];
    assert_eq!(kept(&applied), expected);
    assert_eq!(directory.snapshot().await.unwrap(), before);
    assert!(has_password(directory, "ina", "second").await);
    // The next import of the file can compare with the stored hash.
    assert_eq!(load(directory, &mine).await.unwrap().updated, 1);
    assert!(has_password(directory, "ina", "first").await);
    load(directory, FULL).await.unwrap();
}

async fn a_hash_that_a_login_replaces_meanwhile_is_the_same_password(directory: &dyn Directory) {
    let wanted = hashed(directory, FULL).await;
    let ina = user(directory, "ina").await;
    let ours = hash("ina-pw").await;
    let replaced = directory
        .replace_hash(ina.id, ina.password_hash.as_ref().unwrap(), &ours)
        .await;
    assert!(replaced.unwrap());
    let before = directory.snapshot().await.unwrap();
    assert_eq!(directory.apply(&wanted).await.unwrap(), unchanged(3));
    assert_eq!(directory.snapshot().await.unwrap(), before);
    assert_eq!(user(directory, "ina").await.set_here, []);
}

async fn what_a_file_does_not_say_may_change_meanwhile(directory: &dyn Directory) {
    let wanted = hashed(directory, SILENT).await;
    let ina = user(directory, "ina").await;
    let edit = UserEdit {
        email: Patch::Set("newer@example.com".to_owned()),
        number: Some(7001),
        ..UserEdit::default()
    };
    let edit = Change::EditUser {
        user: ina.id,
        edit: Box::new(edit),
    };
    directory.change(edit).await.unwrap();
    let code = KeyDigest::from_hex(&"1".repeat(64)).unwrap();
    let left = directory.use_recovery_code(ina.id, code).await.unwrap();
    assert_eq!(left, Some(0));
    let before = directory.snapshot().await.unwrap();
    assert_eq!(directory.apply(&wanted).await.unwrap(), unchanged(3));
    let after = directory.snapshot().await.unwrap();
    assert_eq!(after, before);
    // A used code that the file lists as unused stays used, too.
    let wanted = hashed(directory, FULL).await;
    directory.apply(&wanted).await.unwrap();
    assert_eq!(
        directory.use_recovery_code(ina.id, code).await.unwrap(),
        None
    );
}

async fn a_user_who_comes_meanwhile_is_no_second_one(directory: &dyn Directory) {
    let new = "users = [{ user_name = 'late', organisation = 'IMPORTED', password = 'late-pw' }]";
    let (one, other) = (hashed(directory, new).await, hashed(directory, new).await);
    assert_eq!(directory.apply(&one).await.unwrap().created, 1);
    let before = directory.snapshot().await.unwrap();
    let applied = directory.apply(&other).await.unwrap();
    assert_eq!((applied.created, applied.updated), (0, 0));
    assert_eq!(directory.snapshot().await.unwrap(), before);
    // Numbers are assigned in the transaction.
    let next = |name: &str| new.replace("late", name);
    let (one, other) = (next("later"), next("latest"));
    let one = hashed(directory, &one).await;
    let other = hashed(directory, &other).await;
    for wanted in [one, other] {
        assert_eq!(directory.apply(&wanted).await.unwrap().created, 1);
    }
    let numbers = [
        user(directory, "later").await,
        user(directory, "latest").await,
    ];
    assert_eq!(numbers[0].number + 1, numbers[1].number);
}
