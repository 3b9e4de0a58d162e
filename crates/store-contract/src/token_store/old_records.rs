//! Records of an earlier release can be read, replaced and ended like all others.

use std::sync::Arc;

use async_trait::async_trait;
use isogloss_core::TokenDigest;
use isogloss_core::store::{Record, TokenStore};
use uuid::Uuid;

use super::{HOUR, NOW, digest, digests, record};

/// A store in which a test can write bytes that the store would not write itself.
#[async_trait]
pub trait Plant: TokenStore {
    /// Replaces the bytes of the record of an existing token.
    async fn plant(&self, digest: TokenDigest, value: &[u8]);
}

pub(super) async fn records_are_as_good_as_others<S: Plant>(store: &S) {
    let user = Uuid::new_v4();
    let before = record(user, NOW, HOUR);
    let [now, earlier] = before.encodings().unwrap();
    assert_ne!(now, earlier);
    for number in 1..=3 {
        store.put(digest(number), &before, NOW).await.unwrap();
        store.plant(digest(number), &earlier).await;
    }
    let read = store.get(digest(1)).await.unwrap();
    assert_eq!(read.as_deref(), Some(&before));
    let after = Record {
        used_at: NOW + HOUR / 2,
        expires_at: NOW + HOUR * 2,
        ..before.clone()
    };
    let replaces = async |before: &Record| {
        let replaced = store.replace(digest(1), before, &after, NOW).await;
        replaced.unwrap()
    };
    assert!(!replaces(&after).await);
    assert!(replaces(&before).await);
    assert!(!replaces(&before).await);
    assert_eq!(store.get(digest(1)).await.unwrap(), Some(Arc::new(after)));
    assert_eq!(store.remove(digest(2)).await.unwrap(), Some(before));
    let mut listed = digests(store, user).await;
    listed.sort_unstable();
    assert_eq!(listed, [digest(1), digest(3)]);
    assert_eq!(store.remove_user(user).await.unwrap(), 2);
}
