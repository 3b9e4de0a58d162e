//! Application keys, tested with each backend.

use std::path::Path;

use isogloss_core::directory::file::{File, import};
use isogloss_core::directory::{Directory, KeyCursor, KeyDigest, KeyEntry};
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

/// Checks that scopes, expiry and limits come from a file and go into an export, and that a key is added once and
/// removed once.
pub(super) async fn hold(directory: &dyn Directory) {
    scopes_and_expiry_come_from_a_file_and_go_into_one(directory).await;
    limits_come_from_a_file_and_go_into_one(directory).await;
    a_key_is_added_once_and_removed_once(directory).await;
    pages_leave_no_key_out(directory).await;
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

const LIMITED: &str = r#"
[[keys]]
realm = "introspection"
label = "viewer"
key = "the key of the viewer"
allow_weak = true
scopes = ["tokens:introspect"]
dialects = ["memsource", "bimplus"]
audiences = ["https://archive.example/", "billing"]
"#;

async fn limits_come_from_a_file_and_go_into_one(directory: &dyn Directory) {
    let apply = async |text: &str| {
        let file = File::parse(Path::new("d.toml"), text).unwrap();
        import(directory, &passwords(), file, |_| {}).await
    };
    let digest = KeyDigest::of("the key of the viewer");
    let stored = async || {
        directory
            .key("introspection", digest)
            .await
            .unwrap()
            .unwrap()
    };
    assert_eq!(apply(LIMITED).await.unwrap().created, 1);
    assert_eq!(apply(LIMITED).await.unwrap().unchanged, 1);
    let key = stored().await;
    assert!(key.scopes.allow(Scope::TokensIntrospect) && !key.scopes.allow(Scope::TokensExchange));
    let limits = key.limits();
    assert!(limits.allows_dialect("bimplus") && !limits.allows_dialect("crmcom"));
    assert_eq!(limits.dialects().unwrap(), ["memsource", "bimplus"]);
    assert_eq!(
        limits.audiences().unwrap(),
        ["https://archive.example/", "billing"]
    );

    let exported = toml::to_string(&directory.snapshot().await.unwrap()).unwrap();
    for line in [
        "dialects = [\"memsource\", \"bimplus\"]",
        "audiences = [\"https://archive.example/\", \"billing\"]",
    ] {
        assert_eq!(exported.matches(line).count(), 1, "{exported}");
    }
    let again = apply(&exported).await.unwrap();
    assert_eq!((again.created, again.updated), (0, 0));

    let without = |name: &str| {
        let lines = LIMITED.lines().filter(|line| !line.starts_with(name));
        lines.collect::<Vec<_>>().join("\n")
    };
    // What a file does not set stays: the limits when the scopes change, and the other way round.
    let text = without("dialects").replace("[\"tokens:introspect\"]", "[\"all\"]");
    assert_eq!(apply(&text).await.unwrap().updated, 1);
    let key = stored().await;
    assert!(key.scopes.allow(Scope::TokensExchange) && !key.scopes.are_all());
    assert!(!key.limits().allows_dialect("crmcom"));
    let text = without("scopes").replace("[\"memsource\", \"bimplus\"]", "[\"all\"]");
    assert_eq!(apply(&text).await.unwrap().updated, 1);
    let key = stored().await;
    assert!(key.limits().allows_dialect("crmcom") && !key.limits().allows_audience("archive"));
    let text = format!("{}\naudiences = [\"all\"]", without("audiences"));
    let text = text.replace("[\"memsource\", \"bimplus\"]", "[\"all\"]");
    let text = text.replace("[\"tokens:introspect\"]", "[\"all\"]");
    assert_eq!(apply(&text).await.unwrap().updated, 1);
    assert!(stored().await.scopes.are_all());
    let exported = toml::to_string(&directory.snapshot().await.unwrap()).unwrap();
    assert_eq!(
        exported.matches("dialects = [\"all\"]").count(),
        1,
        "{exported}"
    );

    for (text, reason) in [
        (
            LIMITED.replace("[\"memsource\", \"bimplus\"]", "[]"),
            "dialects is an empty list",
        ),
        (
            LIMITED.replace("\"billing\"", "\"the billing\""),
            "audiences: expected names",
        ),
        (
            without("scopes").replace("introspection", "bimplus"),
            "keys of the realm bimplus are not bound to dialects or audiences",
        ),
    ] {
        let refusal = apply(&text).await.unwrap_err().to_string();
        assert!(refusal.contains(reason), "{refusal}");
    }
    assert!(directory.remove_key("introspection", digest).await.unwrap());
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

async fn pages_leave_no_key_out(directory: &dyn Directory) {
    // Two with one label, as a file may have them.
    for text in ["one of two", "two of two"] {
        let key = KeyEntry {
            realm: "introspection".to_owned(),
            label: "twin".to_owned(),
            digest: KeyDigest::of(text),
            user: None,
            scopes: Scopes::ALL,
            expires_at: None,
        };
        directory.add_key(&key).await.unwrap();
    }
    let all = directory.keys().await.unwrap();
    assert!(all.len() > 3, "{all:?}");
    let mut paged = Vec::new();
    let mut after = None;
    loop {
        let page = directory.keys_after(None, after.as_ref(), 1).await.unwrap();
        let Some(last) = page.last() else {
            break;
        };
        after = Some(KeyCursor::of(last));
        paged.extend(page);
    }
    assert_eq!(paged, all);
    let of_realm = directory.keys_after(Some("introspection"), None, 10).await;
    let expected: Vec<_> = all
        .into_iter()
        .filter(|key| key.realm == "introspection")
        .collect();
    assert_eq!(of_realm.unwrap(), expected);
}
