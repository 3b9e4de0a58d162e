//! The demo's passwords are public. This finds out whether one of them still opens an account.

use isogloss_core::Passwords;
use isogloss_core::directory::Directory;
use tracing::warn;

const DEMO: &str = include_str!("../../../config/demo-directory.toml");

/// Warns when users of the demo directory still have the passwords that it publishes.
pub(crate) async fn warn_of_demo_passwords(directory: &dyn Directory, passwords: &Passwords) {
    let mut names = Vec::new();
    for (name, password) in accounts() {
        // A directory that cannot be asked says so at the first login.
        let Ok(Some(account)) = directory.account(&name).await else {
            continue;
        };
        let hash = secrecy::ExposeSecret::expose_secret(&account.password_hash).to_owned();
        if let Ok(true) = passwords.verify(password.into(), Some(hash)).await {
            names.push(name);
        }
    }
    if !names.is_empty() {
        let users = names.join(", ");
        warn!(users, "demo passwords are in use: everybody knows them");
    }
}

fn accounts() -> Vec<(String, String)> {
    let demo: toml::Table = DEMO.parse().unwrap_or_default();
    let users = demo.get("users").and_then(toml::Value::as_array);
    let text = |user: &toml::Value, key: &str| Some(user.get(key)?.as_str()?.to_owned());
    users
        .into_iter()
        .flatten()
        .filter_map(|user| Some((text(user, "user_name")?, text(user, "password")?)))
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
