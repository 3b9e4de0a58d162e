//! Application keys, tested with each backend.

use std::path::Path;

use isogloss_core::directory::file::{File, import};
use isogloss_core::directory::{Directory, KeyDigest, KeyEntry};
use isogloss_core::{Scope, Scopes};
use time::{Duration, OffsetDateTime};

use super::passwords;

const FILE: &str = r#"
[[keys]]
realm = "admin"
label = "help desk"
key = "the key of the help desk"
scopes = ["users:read", "sessions:write"]
expires_at = "2027-01-01T01:00:00.5+01:00"
"#;

/// Checks that scopes and expiry come from a file and go into an export, and that a key is added once and removed
/// once.
pub(super) async fn hold(directory: &dyn Directory) {
    scopes_and_expiry_come_from_a_file_and_go_into_one(directory).await;
    a_key_is_added_once_and_removed_once(directory).await;
}

async fn scopes_and_expiry_come_from_a_file_and_go_into_one(directory: &dyn Directory) {
    let apply = async |text: &str| {
        let file = File::parse(Path::new("d.toml"), text).unwrap();
        import(directory, &passwords(), file, |_| {}).await
    };
    assert_eq!(apply(FILE).await.unwrap().created, 1);
    assert_eq!(apply(FILE).await.unwrap().unchanged, 1);
    let digest = KeyDigest::of("the key of the help desk");
    let key = directory.key("admin", digest).await.unwrap().unwrap();
    assert!(key.scopes.allow(Scope::UsersRead) && !key.scopes.allow(Scope::UsersWrite));
    let expires_at = time::macros::datetime!(2027-01-01 00:00 UTC);
    assert_eq!(key.expires_at, Some(expires_at));

    let exported = toml::to_string(&directory.snapshot().await.unwrap()).unwrap();
    assert!(
        exported.contains("scopes = [\"sessions:write\", \"users:read\"]"),
        "{exported}"
    );
    assert!(
        exported.contains("expires_at = \"2027-01-01T00:00:00Z\""),
        "{exported}"
    );
    let again = apply(&exported).await.unwrap();
    assert_eq!((again.created, again.updated), (0, 0));

    for (wrong, reason) in [
        ("[]", "scopes is an empty list"),
        (
            "[\"users:raed\"]",
            "users:raed: no such scope of the realm admin",
        ),
        (
            "[\"tokens:exchange\"]",
            "tokens:exchange: no such scope of the realm admin",
        ),
    ] {
        let text = FILE.replace("[\"users:read\", \"sessions:write\"]", wrong);
        let refusal = apply(&text).await.unwrap_err().to_string();
        assert!(refusal.contains(reason), "{refusal}");
    }
    // Values that a file does not set for a key stay.
    let text = FILE.replace("scopes = [\"users:read\", \"sessions:write\"]\n", "");
    assert_eq!(apply(&text).await.unwrap().unchanged, 1);
    let text = FILE.replace("[\"users:read\", \"sessions:write\"]", "[\"all\"]");
    assert_eq!(apply(&text).await.unwrap().updated, 1);
    let key = directory.key("admin", digest).await.unwrap().unwrap();
    assert!(key.scopes.are_all());
}

async fn a_key_is_added_once_and_removed_once(directory: &dyn Directory) {
    let key = KeyEntry {
        realm: "admin".to_owned(),
        label: "night shift".to_owned(),
        digest: KeyDigest::of("the key of the night shift"),
        user: Some("ADA".to_owned()),
        scopes: Scopes::named("admin", &["throttle:read"]).unwrap(),
        expires_at: Some(OffsetDateTime::UNIX_EPOCH + Duration::days(1)),
    };
    let stored = directory.add_key(&key).await.unwrap().unwrap();
    let other = KeyEntry {
        scopes: Scopes::ALL,
        ..key.clone()
    };
    assert!(
        directory.add_key(&other).await.unwrap().is_none(),
        "what is there stays"
    );
    let listed = directory.keys().await.unwrap();
    let found = listed.iter().find(|listed| listed.label == "night shift");
    let as_stored = KeyEntry {
        user: Some("Ada".to_owned()),
        ..stored
    };
    assert_eq!(found, Some(&as_stored));
    let sorted = listed.is_sorted_by_key(|key| (key.realm.clone(), key.label.clone()));
    assert!(sorted, "{listed:?}");

    assert!(!directory.remove_key("there", key.digest).await.unwrap());
    assert!(directory.remove_key("admin", key.digest).await.unwrap());
    assert!(!directory.remove_key("admin", key.digest).await.unwrap());
    assert!(directory.key("admin", key.digest).await.unwrap().is_none());
}
