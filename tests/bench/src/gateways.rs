//! Gateways as they are measured: release builds with all middleware, and the demo directory.

use std::path::{Path, PathBuf};

use anyhow::Result;
use isogloss_testkit::{Builder, Gateway, Store};

use crate::tokens::Place;

/// Name and value of a setting, as an environment variable.
pub(crate) type Setting = (&'static str, &'static str);

pub(crate) const NO_NEAR_TOKENS: Setting = ("ISOGLOSS__TOKENS__REDIS_NEAR_CACHE", "0");

/// Settings that lift the session limits: a login counts the user's tokens, which takes longer the fewer users
/// share the logins.
pub(crate) const NO_CAPS: [Setting; 2] = [
    ("ISOGLOSS__TOKENS__PER_USER", "1000000000"),
    ("ISOGLOSS__TOKENS__PER_CLIENT", "1000000000"),
];

/// Returns a setting in the syntax of the configuration file: `tokens.redis_near_cache = 0`.
pub(crate) fn written((name, value): Setting) -> String {
    let key = name.trim_start_matches("ISOGLOSS__").to_lowercase();
    let key = key.replace("__", ".");
    if value.parse::<f64>().is_ok() || value.parse::<bool>().is_ok() {
        return format!("{key} = {value}");
    }
    format!("{key} = {value:?}")
}

/// Starts another gateway with the users and the pepper of `gateway`.
pub(crate) fn start_beside(
    gateway: &Gateway,
    program: &Path,
    store: Store,
    settings: &[Setting],
) -> Result<Gateway> {
    let Place { directory, pepper } = Place::of(gateway);
    start_with(program, store, |other| {
        with(other, settings)
            .directory(format!("sqlite:{}", directory.display()))
            .env(
                "ISOGLOSS__TOKENS__PEPPER_FILE",
                pepper.display().to_string(),
            )
    })
}

pub(crate) fn start(program: &Path, store: Store, settings: &[Setting]) -> Result<Gateway> {
    start_with(program, store, |gateway| with(gateway, settings))
}

/// Applies the settings to the builder.
pub(crate) fn with(gateway: Builder, settings: &[Setting]) -> Builder {
    settings
        .iter()
        .fold(gateway, |gateway, (name, value)| gateway.env(*name, *value))
}

/// Returns the file with the pepper of all gateways of this run. The first gateway creates it. Gateways that use a
/// directory after each other need the same pepper for its digest keys.
pub(crate) fn pepper() -> PathBuf {
    std::env::temp_dir().join(format!("isogloss-bench-{}.pepper", std::process::id()))
}

/// Starts a gateway with the changes that `differ` makes, and waits until it is ready.
pub(crate) fn start_with(
    program: &Path,
    store: Store,
    differ: impl FnOnce(Builder) -> Builder,
) -> Result<Gateway> {
    let gateway = Gateway::builder(program.display().to_string()).store(store);
    let pepper = pepper().display().to_string();
    // As in production, and other than in tests.
    let gateway = gateway
        .env("ISOGLOSS__TOKENS__PEPPER_FILE", pepper)
        .env("ISOGLOSS__PASSWORDS__LOW_PRIORITY", "true");
    let gateway = differ(gateway).start()?;
    gateway.wait_until_ready()?;
    Ok(gateway)
}

/// Points the builder to a directory that already has the demo's users.
pub(crate) fn filled(gateway: Builder, directory: &str) -> Builder {
    let gateway = gateway.directory(directory);
    gateway.env("ISOGLOSS__DIRECTORY__IMPORT", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_written_as_in_a_file() {
        assert_eq!(written(NO_NEAR_TOKENS), "tokens.redis_near_cache = 0");
        let lanes = ("ISOGLOSS__PASSWORDS__LANES", "false");
        assert_eq!(written(lanes), "passwords.lanes = false");
        let level = ("ISOGLOSS__LOGGING__LEVEL", "debug");
        assert_eq!(written(level), "logging.level = \"debug\"");
    }
}
