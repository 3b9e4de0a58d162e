//! Identifiers of keys, from before a digest key and after.

use std::sync::Arc;
use std::time::Duration;

use isogloss_core::audit::Audit;
use isogloss_core::directory::DigestKeys;
use isogloss_core::{Clock as _, MockClock, Pepper, SystemClock};
use isogloss_directory_sql::SqliteDirectory;

use super::*;

fn new_key(label: &str) -> NewKey {
    NewKey {
        realm: "introspection".to_owned(),
        label: label.to_owned(),
        user: None,
        scopes: None,
        dialects: None,
        audiences: None,
        expires_at: None,
        text: None,
        allow_weak: false,
    }
}

#[actix_web::test]
async fn a_key_is_revoked_by_the_identifier_that_it_had_under_an_older_release() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(MockClock::at(SystemClock.now()));
    let open = async |digests: DigestKeys| {
        let directory = SqliteDirectory::open(&folder.path().join("directory.db")).await;
        AdminService {
            directory: Arc::new(directory.unwrap().with_digest_keys(digests)),
            audit: Audit::default(),
        }
    };
    let older = open(DigestKeys::without_pepper(clock.clone())).await;
    let (_, key) = older
        .add_key(new_key("billing"), &Rights::ALL)
        .await
        .unwrap();
    let former_id = key.id();

    let pepper = Pepper::new("the pepper of this year").unwrap();
    let newer = open(DigestKeys::under(pepper.into(), clock.clone())).await;
    assert_eq!(newer.directory.key_digests(100).await.unwrap(), 0);
    clock.advance(Duration::from_hours(24));
    assert_eq!(newer.directory.key_digests(100).await.unwrap(), 1);
    let id = newer.keys().await.unwrap()[0].id();
    assert_ne!(id, former_id);

    let elsewhere = newer.revoke_key(&former_id, Some("admin")).await;
    assert!(matches!(elsewhere, Err(AdminError::NotFound(_))));
    let short = newer.revoke_key(&former_id[..6], None).await;
    assert!(matches!(short, Err(AdminError::NotFound(_))));
    let revoked = newer.revoke_key(&former_id.to_uppercase(), None).await;
    assert_eq!(
        (revoked.unwrap().id(), newer.keys().await.unwrap().len()),
        (id, 0)
    );

    let (text, key) = newer
        .add_key(new_key("billing"), &Rights::ALL)
        .await
        .unwrap();
    assert_eq!(newer.keys().await.unwrap()[0].id(), key.id());
    assert_ne!(key.digest, KeyDigest::of(text.expose_secret()));
    assert_eq!(newer.revoke_key(&key.id(), None).await.unwrap(), key);
}
