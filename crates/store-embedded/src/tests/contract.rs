//! The suite of all stores, in memory and in a file; and what becomes of the file.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use isogloss_core::store::{SessionLimits, TokenStore};
use isogloss_store_contract::token_store::{
    CAPS, HOUR, NOW, digest, digests, pass_all, record, ten_thousand_logins_leave_a_bounded_list,
};
use uuid::Uuid;

use crate::EmbeddedStore;

const MANY: SessionLimits = SessionLimits {
    per_user: 2_000,
    per_client: 2_000,
    one_time_per_user: 2_000,
};

#[tokio::test]
async fn memory_passes() {
    pass_all(&EmbeddedStore::in_memory(CAPS).unwrap()).await;
}

#[tokio::test]
async fn embedded_passes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.redb");
    let store = EmbeddedStore::open(&path, CAPS).unwrap();
    pass_all(&store).await;
    ten_thousand_logins_leave_a_bounded_list(&store).await;
}

#[tokio::test]
async fn embedded_tokens_outlive_the_process_and_are_swept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.redb");
    let user = Uuid::new_v4();
    let store = EmbeddedStore::open(&path, MANY).unwrap();
    let short_lived = (0..600).map(|number| {
        let store = &store;
        async move {
            store
                .put(digest(number), &record(user, NOW, HOUR), NOW)
                .await
                .unwrap();
        }
    });
    join_all(short_lived).await;
    store
        .put(digest(999), &record(user, NOW, HOUR * 2), NOW)
        .await
        .unwrap();
    drop(store);

    let store = reopen(&path).await;
    assert!(store.get(digest(0)).await.unwrap().is_some());
    assert_eq!(store.sweep(NOW + HOUR).await.unwrap(), 600);
    assert_eq!(store.sweep(NOW + HOUR).await.unwrap(), 0);
    assert_eq!(digests(store.as_ref(), user).await, [digest(999)]);
}

/// Opens a store whose file the writing thread of another one closes soon. Fails the test if the file stays
/// locked for 5 seconds.
async fn reopen(path: &Path) -> Arc<dyn TokenStore> {
    for _ in 0..500 {
        if let Ok(store) = EmbeddedStore::open(path, MANY) {
            return Arc::new(store);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the store stayed locked");
}

#[tokio::test]
async fn a_second_process_is_refused_the_embedded_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.redb");
    let _first = EmbeddedStore::open(&path, CAPS).unwrap();
    let Err(error) = EmbeddedStore::open(&path, CAPS) else {
        panic!("opened twice");
    };
    assert!(
        error.to_string().starts_with("embedded token store: "),
        "{error}"
    );
}

#[tokio::test]
async fn a_closed_store_answers_nothing_and_can_be_opened_without_repair() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.redb");
    let store = EmbeddedStore::open(&path, MANY).unwrap();
    let user = Uuid::new_v4();
    store
        .put(digest(1), &record(user, NOW, HOUR), NOW)
        .await
        .unwrap();
    assert!(
        EmbeddedStore::open_unless_in_use(&path, MANY)
            .unwrap()
            .is_none()
    );
    store.close().await;
    store.close().await;
    assert!(store.ping().await.is_err());
    assert!(
        store
            .put(digest(2), &record(user, NOW, HOUR), NOW)
            .await
            .is_err()
    );
    let mut opening = redb::Builder::new();
    let opened = opening
        .set_repair_callback(redb::RepairSession::abort)
        .open(&path);
    assert!(opened.is_ok(), "{:?}", opened.err());
    drop(opened);
    let store = EmbeddedStore::open(&path, MANY).unwrap();
    assert!(store.get(digest(1)).await.unwrap().is_some());
}
