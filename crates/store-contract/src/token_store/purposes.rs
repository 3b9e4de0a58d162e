//! Tokens of different kinds are counted separately, and a token may limit how many exist next to it.

use std::time::Duration;

use futures_util::future::join_all;
use isogloss_core::store::{Record, TokenStore};
use isogloss_core::{Lineage, Purpose, TokenDigest};
use uuid::Uuid;

use super::{CAP, CAPS, HOUR, NOW, digest, digests, record};

/// Returns the record of a user's token for a purpose, issued `second` seconds after the first.
fn of_purpose(user: Uuid, purpose: Purpose, second: u64) -> Record {
    Record {
        purpose,
        ..record(user, NOW + Duration::from_secs(second), HOUR)
    }
}

/// Stores a record for each number, each a second after the previous one. Returns the evicted tokens.
async fn put_all(
    store: &dyn TokenStore,
    numbers: std::ops::Range<u16>,
    each: impl Fn(u16) -> Record,
) -> Vec<TokenDigest> {
    let mut evicted = Vec::new();
    for number in numbers {
        let record = each(number);
        let put = store.put(digest(number), &record, record.issued_at).await;
        evicted.extend(put.unwrap());
    }
    evicted
}

pub(super) async fn one_time_tokens_push_nothing_else_out(store: &dyn TokenStore) {
    let user = Uuid::new_v4();
    let session = of_purpose(user, Purpose::Access, 0);
    let sessions = u16::try_from(CAP).unwrap();
    let put = put_all(store, 0..sessions, |_| session.clone()).await;
    assert_eq!(put, []);
    let remember = of_purpose(user, Purpose::Remember, 0);
    store.put(digest(100), &remember, NOW).await.unwrap();
    let letter = of_purpose(user, Purpose::Handover, 0);
    store.put(digest(101), &letter, NOW).await.unwrap();
    let other = Record {
        parent: Some(digest(1)),
        lineage: Some(Lineage::of_child(&session)),
        ..of_purpose(user, Purpose::Handover, 0)
    };
    store.put(digest(102), &other, NOW).await.unwrap();
    let most = u16::try_from(CAPS.one_time_per_user).unwrap();
    let evicted = put_all(store, 200..1210, |number| Record {
        parent: Some(digest(0)),
        lineage: Some(Lineage::of_child(&session)),
        ..of_purpose(user, Purpose::Handover, u64::from(number))
    })
    .await;
    // One of those that stay belongs to the other login.
    let left = 1210 - (most - 1);
    assert_eq!(evicted, (200..left).map(digest).collect::<Vec<_>>());
    let mut listed = digests(store, user).await;
    listed.sort_unstable();
    let kept = (0..sessions).chain(100..103).chain(left..1210);
    assert_eq!(listed, kept.map(digest).collect::<Vec<_>>());
    store.remove_user(user).await.unwrap();
}

pub(super) async fn sessions_push_no_remembering_token_out(store: &dyn TokenStore) {
    let user = Uuid::new_v4();
    let at_client = |purpose, second| Record {
        client: Some("tablet".to_owned()),
        ..of_purpose(user, purpose, second)
    };
    let remember = at_client(Purpose::Remember, 0);
    store.put(digest(999), &remember, NOW).await.unwrap();
    let most = u16::try_from(CAPS.per_client).unwrap();
    let evicted = put_all(store, 0..most + 2, |number| {
        at_client(Purpose::Access, u64::from(number) + 1)
    })
    .await;
    assert_eq!(evicted, [digest(0), digest(1)]);
    assert!(store.get(digest(999)).await.unwrap().is_some());
    store.remove_user(user).await.unwrap();
}

pub(super) async fn a_token_may_have_so_many_beside_it(store: &dyn TokenStore) {
    let user = Uuid::new_v4();
    let at = |client: &str, application: &str, second| Record {
        client: Some(client.to_owned()),
        application: Some(application.to_owned()),
        at_most: Some(3),
        ..of_purpose(user, Purpose::Remember, second)
    };
    for (number, client, application) in [(90, "phone", "one"), (91, "tablet", "two")] {
        let other = at(client, application, 0);
        store.put(digest(number), &other, NOW).await.unwrap();
    }
    let put = put_all(store, 0..3, |number| at("tablet", "one", number.into())).await;
    assert_eq!(put, []);
    let before = at("tablet", "one", 0);
    let after = Record {
        used_at: NOW + HOUR / 2,
        ..before.clone()
    };
    let replaced = store.replace(digest(0), &before, &after, NOW).await;
    assert!(replaced.unwrap());
    let put = put_all(store, 3..5, |number| at("tablet", "one", number.into())).await;
    assert_eq!(put, [digest(1), digest(2)]);
    let mut listed = digests(store, user).await;
    listed.sort_unstable();
    assert_eq!(listed, [0, 3, 4, 90, 91].map(digest));
    store.remove_user(user).await.unwrap();
}

/// Stores six tokens of a user concurrently, each issued a second after the previous one. Checks that `at_most`
/// are left, and returns the evicted ones.
async fn put_at_once(store: &dyn TokenStore, user: Uuid, at_most: u32) -> Vec<TokenDigest> {
    let puts = (0..6).map(|number| async move {
        let one = Record {
            client: Some("tablet".to_owned()),
            at_most: Some(at_most),
            ..of_purpose(user, Purpose::Remember, number.into())
        };
        store.put(digest(number), &one, NOW).await.unwrap()
    });
    let evicted = join_all(puts).await.into_iter().flatten().collect();
    let left = digests(store, user).await;
    assert_eq!(left.len(), usize::try_from(at_most).unwrap(), "{left:?}");
    evicted
}

pub(super) async fn of_many_at_once_as_many_stay_as_may(store: &dyn TokenStore) {
    let user = Uuid::new_v4();
    let evicted = put_at_once(store, user, 3).await;
    assert_eq!(evicted.len(), 3, "each is reported once: {evicted:?}");
    // The last one to arrive may be any of them, and stays. The others that stay are those that were used last.
    let left = digests(store, user).await;
    assert!([4, 5].map(digest).iter().all(|one| left.contains(one)));
    store.remove_user(user).await.unwrap();
    for _ in 0..20 {
        let evicted = put_at_once(store, user, 1).await;
        assert_eq!(evicted.len(), 5, "each is reported once: {evicted:?}");
        store.remove_user(user).await.unwrap();
    }
}
