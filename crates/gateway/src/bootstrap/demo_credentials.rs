//! Finds out whether passwords and keys of the demo, which are public, are still valid.

use isogloss_core::directory::{Directory, KeyDigest};
use isogloss_password::Passwords;
use tracing::warn;

const DEMO: &str = include_str!("../../../../config/demo-directory.toml");

/// Logs a warning if users still have the passwords that the demo directory publishes.
pub(crate) async fn warn_of_demo_passwords(directory: &dyn Directory, passwords: &Passwords) {
    let names = users_in_use(directory, passwords).await;
    if !names.is_empty() {
        let users = names.join(", ");
        warn!(users, "demo passwords are in use, and they are public");
    }
}

/// Returns the names of users who still have the passwords that the demo publishes. Users that cannot be looked
/// up are left out.
pub(crate) async fn users_in_use(directory: &dyn Directory, passwords: &Passwords) -> Vec<String> {
    let mut names = Vec::new();
    for (name, password) in accounts() {
        // A directory that is unavailable is reported at the first login.
        let Ok(Some(account)) = directory.account(&name).await else {
            continue;
        };
        let Some(hash) = account.password_hash else {
            continue;
        };
        let hash = secrecy::ExposeSecret::expose_secret(&hash).to_owned();
        if let Ok(true) = passwords.verify(password.into(), Some(hash)).await {
            names.push(name);
        }
    }
    names
}

/// Returns realm and label of each key that the demo publishes and that is still valid. Keys that cannot be
/// looked up are left out.
pub(crate) async fn keys_in_use(directory: &dyn Directory) -> Vec<String> {
    let mut keys = Vec::new();
    for (realm, key) in pairs("keys", "realm", "key") {
        if let Ok(Some(key)) = directory.key(&realm, KeyDigest::of(&key)).await {
            keys.push(format!("the {realm} key `{}`", key.label));
        }
    }
    keys
}

/// Returns user name and password of each user of the demo.
fn accounts() -> Vec<(String, String)> {
    pairs("users", "user_name", "password")
}

/// Returns the members `one` and `other` of each of the demo directory's `entries` that has both.
fn pairs(entries: &str, one: &str, other: &str) -> Vec<(String, String)> {
    let demo: toml::Table = DEMO.parse().unwrap_or_default();
    let entries = demo.get(entries).and_then(toml::Value::as_array);
    let text = |entry: &toml::Value, key: &str| Some(entry.get(key)?.as_str()?.to_owned());
    entries
        .into_iter()
        .flatten()
        .filter_map(|entry| Some((text(entry, one)?, text(entry, other)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_directory_names_its_users() {
        let accounts = accounts();
        assert_eq!(accounts.len(), 10);
        assert!(accounts.contains(&("admin".to_owned(), "admin-demo".to_owned())));
    }
}
