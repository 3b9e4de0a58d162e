//! Imports between directories that store the same codes and keys in different forms.

use isogloss_core::directory::{Directory, KeyDigest};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use super::super::{FILE, load};
use super::{
    CODE, DAY, KEY, NEW, OLD, REALM, Reopen, are_keyed, assert_found, clock, finds_card, finds_key,
    plain, stored, under, without,
};
use crate::postgres::digest_keys::renewals_wait;

async fn exported(directory: &dyn Directory) -> String {
    toml::to_string(&directory.snapshot().await.unwrap()).unwrap()
}

async fn revoke(directory: &dyn Directory) {
    let removed = directory.remove_key(REALM, KeyDigest::of(KEY)).await;
    assert!(removed.unwrap());
}

/// Checks that a key that another directory revoked is revoked here, too, by an export. A directory that is filled
/// from an export stores each digest in the same form as the exporting one.
pub(super) async fn a_key_that_is_revoked_elsewhere_is_revoked_back_here(
    one: &impl Reopen,
    other: &impl Reopen,
) {
    let clock = clock();
    let here = one.open(under(OLD, None, &clock)).await;
    load(here.as_ref(), FILE).await.unwrap();
    let there = other.open(under(OLD, None, &clock)).await;
    there.digest_keys().await.unwrap();
    load(there.as_ref(), &exported(here.as_ref()).await)
        .await
        .unwrap();
    assert_eq!(stored(there.as_ref()).await, stored(here.as_ref()).await);
    revoke(there.as_ref()).await;
    load(here.as_ref(), &exported(there.as_ref()).await)
        .await
        .unwrap();
    assert_eq!(finds_key(here.as_ref()).await, Ok(false));
    let kept = load(here.as_ref(), FILE).await.unwrap().kept;
    assert!(
        kept.iter().any(|kept| kept.what == "revocation"),
        "{kept:?}"
    );
}

/// Checks that a key with a plain digest is revoked by an export whose digest is under a digest key. The text of the
/// key cannot be derived from the exported digest, but the plain digest is known here.
pub(super) async fn a_plain_key_is_revoked_by_an_export_under_a_digest_key(
    one: &impl Reopen,
    other: &impl Reopen,
) {
    let clock = clock();
    let here = one.open(without(&clock)).await;
    load(here.as_ref(), FILE).await.unwrap();
    let there = other.open(under(OLD, None, &clock)).await;
    load(there.as_ref(), FILE).await.unwrap();
    revoke(there.as_ref()).await;
    let revoked = there.snapshot().await.unwrap();
    assert!(revoked.revoked_keys[0].digest.key().is_some());
    let mut export = here.snapshot().await.unwrap();
    export.keys.clear();
    export.revoked_keys = revoked.revoked_keys;
    export.digest_keys = revoked.digest_keys;
    let here = one.open(under(OLD, None, &clock)).await;
    load(here.as_ref(), &toml::to_string(&export).unwrap())
        .await
        .unwrap();
    assert_eq!(finds_key(here.as_ref()).await, Ok(false));
    assert!(here.keys().await.unwrap().is_empty());
}

/// An entry that may be stored under a key that does not open is not added a second time.
pub(super) async fn nothing_is_added_while_a_digest_key_does_not_open(database: &impl Reopen) {
    let clock = clock();
    let right = database.open(under(OLD, None, &clock)).await;
    load(right.as_ref(), FILE).await.unwrap();
    revoke(right.as_ref()).await;
    clock.advance(DAY);
    let wrong = database.open(under(NEW, None, &clock)).await;
    wrong.add_digest_key().await.unwrap();
    let refused = load(wrong.as_ref(), FILE).await.unwrap_err();
    assert!(refused.contains("no pepper"), "{refused}");
    assert!(right.keys().await.unwrap().is_empty());
}

/// Checks that a card with the code of another card is refused, in every form in which that code is stored.
pub(super) async fn one_code_is_of_one_card(database: &impl Reopen) {
    let clock = clock();
    let older = database.open(without(&clock)).await;
    load(older.as_ref(), FILE).await.unwrap();
    let newer = database.open(under(OLD, None, &clock)).await;
    newer.digest_keys().await.unwrap();
    clock.advance(DAY);
    let bob = format!(
        "[[users]]\nuser_name = \"bob\"\norganisation = \"ACME\"\naccess_cards = [{{ code = \"{CODE}\" }}]\n"
    );
    let refused = load(newer.as_ref(), &bob).await.unwrap_err();
    assert_eq!(
        refused,
        "user bob: user Ada has an access card of the same code"
    );
    assert_eq!(finds_card(newer.as_ref()).await, Ok(true));
}

/// A card that is given only by its code is found, and keeps its identifier.
pub(super) async fn a_pass_code_is_set_of_a_card_named_by_its_code(database: &impl Reopen) {
    let clock = clock();
    let directory = database.open(under(OLD, None, &clock)).await;
    let card = |rest: &str| {
        let named = format!("{{ code = \"{CODE}\"{rest} }}");
        FILE.replace(&format!("{{ code = \"{CODE}\" }}"), &named)
    };
    let first = card(", identifier = \"both\", pass_code = \"11111\"");
    load(directory.as_ref(), &first).await.unwrap();
    let same = load(directory.as_ref(), &card(", pass_code = \"11111\"")).await;
    let same = same.unwrap();
    assert_eq!((same.updated, same.kept), (0, Vec::new()));
    let other = load(directory.as_ref(), &card(", pass_code = \"22222\"")).await;
    let other = other.unwrap();
    assert_eq!((other.updated, other.kept), (1, Vec::new()));
}

/// A login does not wait for an import, and the digests that the import has read keep their forms.
pub(in crate::tests) async fn no_digest_changes_its_form_beside_an_import(
    database: &impl Reopen,
    import: &mut PgConnection,
) {
    let clock = clock();
    load(database.open(without(&clock)).await.as_ref(), FILE)
        .await
        .unwrap();
    let directory = database.open(under(OLD, None, &clock)).await;
    directory.digest_keys().await.unwrap();
    clock.advance(DAY);
    let mut transaction = import.begin().await.unwrap();
    renewals_wait(&mut transaction).await.unwrap();
    assert_found(directory.as_ref(), "during an import").await;
    assert_eq!(stored(directory.as_ref()).await, plain());
    transaction.commit().await.unwrap();
    assert_found(directory.as_ref(), "after the import").await;
    assert!(are_keyed(stored(directory.as_ref()).await));
}
