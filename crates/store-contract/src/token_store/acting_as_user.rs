//! Tokens in which an administrator acts as another user.

use isogloss_core::store::{Record, TokenStore};
use uuid::Uuid;

use super::{CAP, HOUR, NOW, digest, digests, record};

pub(super) async fn a_token_is_also_listed_under_its_actor(store: &dyn TokenStore) {
    let (user, actor) = (Uuid::new_v4(), Uuid::new_v4());
    let acting = Record {
        actor: Some(actor),
        ..record(user, NOW, HOUR)
    };
    let own = record(actor, NOW + HOUR / 2, HOUR);
    store.put(digest(1), &acting, NOW).await.unwrap();
    store.put(digest(2), &own, NOW).await.unwrap();
    assert_eq!(digests(store, user).await, [digest(1)]);
    assert_eq!(digests(store, actor).await, [digest(1), digest(2)]);
    // A use that moves the expiry keeps the token's position in the list; the end of the token removes it.
    let after = Record {
        used_at: NOW + HOUR / 2,
        expires_at: NOW + HOUR * 2,
        ..acting.clone()
    };
    let replaced = store.replace(digest(1), &acting, &after, NOW).await;
    assert!(replaced.unwrap());
    assert_eq!(digests(store, actor).await, [digest(1), digest(2)]);
    store.remove(digest(1)).await.unwrap();
    assert_eq!(digests(store, user).await, []);
    assert_eq!(digests(store, actor).await, [digest(2)]);
    // The token counts towards the caps of the user, not of the actor.
    let cap = u16::try_from(CAP).unwrap();
    for number in 10..10 + cap {
        let put = store.put(digest(number), &acting, NOW).await.unwrap();
        assert_eq!(put, []);
    }
    assert_eq!(store.put(digest(3), &own, NOW).await.unwrap(), []);
    let all = u64::from(cap) + 2;
    assert_eq!(store.remove_user(actor).await.unwrap(), all);
    assert_eq!(digests(store, user).await, []);
    assert_eq!(store.get(digest(10)).await.unwrap(), None);
}
