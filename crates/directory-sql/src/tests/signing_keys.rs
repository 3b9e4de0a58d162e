//! The sealed keys of JWTs, tested with each backend.

use futures_util::future::join_all;
use isogloss_core::directory::{Directory, SealedSigningKey};
use time::OffsetDateTime;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-22 09:00 UTC);

fn key(secret: &str, algorithm: &str, period: i64) -> SealedSigningKey {
    SealedSigningKey {
        secret_id: secret.to_owned(),
        algorithm: algorithm.to_owned(),
        period,
        sealed: format!("\0{secret} {algorithm} {period}\u{ff}").into_bytes(),
        created_at: NOW,
    }
}

/// Returns the keys of these secrets, in a fixed order.
async fn stored(directory: &dyn Directory, secrets: &[&str]) -> Vec<SealedSigningKey> {
    let secrets: Vec<_> = secrets.iter().map(|secret| (*secret).to_owned()).collect();
    let mut keys = directory.signing_keys(&secrets).await.unwrap();
    keys.sort_by(|a, b| (&a.secret_id, a.period).cmp(&(&b.secret_id, b.period)));
    keys
}

pub(super) async fn hold(directory: &dyn Directory) {
    of_several_that_add_a_key_the_first_counts(directory).await;
    keys_are_found_by_their_secret_and_removed_by_their_age(directory).await;
    a_restore_leaves_them(directory).await;
}

async fn of_several_that_add_a_key_the_first_counts(directory: &dyn Directory) {
    assert_eq!(stored(directory, &[]).await, []);
    assert_eq!(stored(directory, &["one"]).await, []);
    let all = (0..8).map(|number: u8| async move {
        let sealed = vec![number; 2_000];
        let key = SealedSigningKey {
            sealed,
            ..key("one", "RS256", 700)
        };
        (directory.add_signing_key(&key).await.unwrap(), key)
    });
    let all = join_all(all).await;
    let added: Vec<_> = all.iter().filter(|(added, _)| *added).collect();
    assert_eq!(added.len(), 1);
    assert_eq!(stored(directory, &["one"]).await, [added[0].1.clone()]);
}

async fn keys_are_found_by_their_secret_and_removed_by_their_age(directory: &dyn Directory) {
    let (earlier, next) = (key("one", "RS256", -1), key("one", "RS256", 701));
    let earlier = SealedSigningKey {
        created_at: NOW - time::Duration::DAY,
        ..earlier
    };
    let (other, algorithm) = (key("two", "RS256", 700), key("two", "ES256", 700));
    for key in [&earlier, &next, &other, &algorithm] {
        assert!(directory.add_signing_key(key).await.unwrap(), "{key:?}");
    }
    assert_eq!(stored(directory, &["two"]).await.len(), 2);
    assert_eq!(stored(directory, &["one", "two"]).await.len(), 5);
    assert_eq!(stored(directory, &["one"]).await[0], earlier);
    assert_eq!(directory.remove_signing_keys(NOW).await.unwrap(), 1);
    assert_eq!(stored(directory, &["one", "two"]).await.len(), 4);
}

async fn a_restore_leaves_them(directory: &dyn Directory) {
    let folder = tempfile::tempdir().unwrap();
    let before = stored(directory, &["one", "two"]).await;
    directory.back_up(folder.path()).await.unwrap();
    let since = key("three", "RS256", 1);
    assert!(directory.add_signing_key(&since).await.unwrap());
    directory.restore(folder.path()).await.unwrap();
    assert_eq!(stored(directory, &["one", "two"]).await, before);
    assert_eq!(stored(directory, &["three"]).await, [since]);
}
