//! What the tables of all kinds have in common: secrets, addresses, and the errors of constructors.

use std::fmt::Display;
use std::path::PathBuf;

use secrecy::SecretString;
use url::Url;

use crate::config::key::join;
use crate::config::{ConfigError, read_secret};

/// Returns the secret of the setting `name` of a table, or of its file; `None` if there is neither. Fails if the secret
/// is empty, or the file cannot be read or has none.
pub(super) fn secret(
    section: &str,
    name: &str,
    secret: Option<&SecretString>,
    file: Option<&PathBuf>,
) -> Result<Option<SecretString>, ConfigError> {
    use secrecy::ExposeSecret as _;

    let key = join(section, name);
    match (secret, file) {
        (Some(secret), _) if secret.expose_secret().trim().is_empty() => {
            Err(ConfigError::new(key, "expected a secret, found nothing"))
        }
        (Some(secret), _) => Ok(Some(secret.clone())),
        (None, Some(file)) => read_secret(&format!("{key}_file"), file).map(Some),
        (None, None) => Ok(None),
    }
}

/// Parses the address of the setting `key`. Fails if it is not an address, or contains a user or a password: errors and
/// logs name addresses. `expected` says how one is written.
pub(super) fn address(key: &str, text: &str, expected: &str) -> Result<Url, ConfigError> {
    let url = Url::parse(text).map_err(|_| ConfigError::new(key, expected))?;
    if !url.has_host() {
        return Err(ConfigError::new(key, expected));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let reason = format!("{expected}, without a user or a password");
        return Err(ConfigError::new(key, reason));
    }
    Ok(url)
}

/// Returns the error of a constructor as one of the configuration. Its message begins with the name of the setting, if it
/// is about one.
pub(super) fn problem(section: &str, error: impl Display) -> ConfigError {
    let text = error.to_string();
    match text.split_once(": ") {
        Some((name, reason)) if is_setting(name) => ConfigError::new(join(section, name), reason),
        _ => ConfigError::new(section, text),
    }
}

/// Returns whether the text is the name of a setting.
fn is_setting(text: &str) -> bool {
    let is_of_name = |c: char| c.is_ascii_lowercase() || c == '_';
    !text.is_empty() && text.chars().all(is_of_name)
}
