//! Tokens from a backup.

use isogloss_core::store::{Record, Redemption, Slot, StoredToken, TokenStore, export};
use tokio::sync::mpsc::channel;
use uuid::Uuid;

use super::{HOUR, NOW, digest, digests, record};

/// Exports all tokens as a backup does, and returns those of one user.
pub(super) async fn exported(store: &dyn TokenStore, user: Uuid) -> Vec<StoredToken> {
    let (sender, mut pages) = channel(1);
    let export = async move {
        export(store, &sender).await.unwrap();
    };
    let receive = async {
        let mut all = Vec::new();
        while let Some(page) = pages.recv().await {
            all.extend(page);
        }
        all
    };
    let ((), mut all) = tokio::join!(export, receive);
    all.retain(|token| token.record.user == user);
    all.sort_by_key(|token| token.digest);
    all
}

/// Restores more tokens than the caps allow a user; a spent one; two with one slot, which the older one holds
/// again; and an expired one.
pub(super) async fn tokens_are_as_they_were(store: &dyn TokenStore) {
    let user = Uuid::new_v4();
    let now = NOW;
    let slot = Slot::Newest(digest(6_999));
    let token = |number: u16, holds_slot: Option<bool>| StoredToken {
        digest: digest(6_000 + number),
        record: Record {
            slot: holds_slot.map(|_| slot),
            ..record(user, now, HOUR)
        },
        holds_slot: holds_slot == Some(true),
    };
    let mut wanted: Vec<_> = (0..30).map(|number| token(number, None)).collect();
    wanted.push(token(30, Some(true)));
    wanted.push(token(31, Some(false)));
    let mut spent = token(32, None);
    spent.record.spent = Some(Redemption::default());
    wanted.push(spent.clone());
    let mut expired = token(33, None);
    expired.record.expires_at = now;
    for token in wanted.iter().chain([&expired]) {
        // A restore may be repeated.
        store.restore(token, now).await.unwrap();
        store.restore(token, now).await.unwrap();
    }
    let found = exported(store, user).await;
    let stored = |tokens: &[StoredToken]| -> Vec<_> {
        let bytes = |token: &StoredToken| {
            (
                token.digest,
                token.record.encode().unwrap(),
                token.holds_slot,
            )
        };
        tokens.iter().map(bytes).collect()
    };
    assert_eq!(stored(&found), stored(&wanted));
    let listed = digests(store, user).await;
    assert_eq!(listed.len(), 32);
    assert!(!listed.contains(&spent.digest));
    assert_eq!(
        store.slot_holder(digest(6_999)).await.unwrap(),
        Some(digest(6_030))
    );
    assert_eq!(store.remove_user(user).await.unwrap(), 32);
    store.remove(spent.digest).await.unwrap();
}
