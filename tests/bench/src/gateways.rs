//! Gateways as they are measured: a release build with all its layers, and the demo directory.

use std::path::Path;

use anyhow::Result;
use conformance::{Builder, Gateway, Store};

use crate::tokens::Place;

/// A setting, as an environment variable has it.
pub(crate) type Setting = (&'static str, &'static str);

pub(crate) const NO_NEAR_TOKENS: Setting = ("ISOGLOSS__TOKENS__REDIS_NEAR_CACHE", "0");

/// Another gateway beside one, with the same users, tokens and pepper.
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

/// The same with these settings.
pub(crate) fn with(gateway: Builder, settings: &[Setting]) -> Builder {
    settings
        .iter()
        .fold(gateway, |gateway, (name, value)| gateway.env(*name, *value))
}

/// A gateway with whatever is to be different.
pub(crate) fn start_with(
    program: &Path,
    store: Store,
    differ: impl FnOnce(Builder) -> Builder,
) -> Result<Gateway> {
    let gateway = Gateway::builder(program.display().to_string()).store(store);
    let gateway = differ(gateway).start()?;
    gateway.wait_until_ready()?;
    Ok(gateway)
}

/// On a directory that has the demo's users already: with a pepper of its own it would take the file for
/// new, and read all users to compare them.
pub(crate) fn filled(gateway: Builder, directory: &str) -> Builder {
    let gateway = gateway.directory(directory);
    gateway.env("ISOGLOSS__DIRECTORY__IMPORT", "")
}
