//! The error of a configuration, in one line.

use std::collections::HashMap;
use std::fmt;

use ::config::{ConfigError as LibraryError, Map, Value, ValueKind};
use serde::de::DeserializeOwned;

use super::key;

/// One line that names the key, what was expected, and where the key stands. Never quotes a
/// value: it may be a secret.
#[derive(Debug)]
pub struct ConfigError {
    key: String,
    reason: String,
    place: Option<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.reason)?;
        match &self.place {
            Some(place) => write!(f, " (in {place})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}

impl ConfigError {
    /// Creates an error about the value of `key`.
    pub(crate) fn new(key: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self {
            key: key.into(),
            reason: reason.to_string(),
            place: None,
        }
    }

    /// Converts an error that the `config` crate found in `section`, which is empty for errors outside of
    /// sections.
    pub(crate) fn from_library(section: &str, error: LibraryError) -> Self {
        let below = |key: Option<String>| match key {
            Some(key) if section.is_empty() => key,
            Some(key) => format!("{section}.{key}"),
            None => section.to_owned(),
        };
        match error {
            LibraryError::Type { expected, key, .. } => {
                Self::new(below(key), expectation(expected))
            }
            LibraryError::At { error, key, .. } => {
                Self::new(below(key), without_value(&error.to_string()))
            }
            LibraryError::NotFound(key) => {
                // The library leaves out the dot behind an index.
                let key = key.replace(']', "].").replace("..", ".");
                Self::new(below(Some(key)), "missing, expected a value")
            }
            LibraryError::Frozen
            | LibraryError::PathParse { .. }
            | LibraryError::FileParse { .. }
            | LibraryError::Message(_)
            | LibraryError::Foreign(_)
            | _ => Self::new(section, without_value(&error.to_string())),
        }
    }

    /// Returns the error with the layer, a file or the environment, in which the key is.
    pub(super) fn in_layer(mut self, place: &str) -> Self {
        self.place = Some(place.to_owned());
        self
    }

    /// Returns the error with the location of its key, if that is known.
    pub(crate) fn with_location(mut self, locations: &KeyLocations) -> Self {
        let mut key = self.key.split('[').next().unwrap_or_default();
        while self.place.is_none() {
            self.place = locations.0.get(key).cloned();
            // A key that is missing in a table within a section is missing where the table is.
            match key.rsplit_once('.') {
                Some((table, _)) if table.contains('.') => key = table,
                _ => break,
            }
        }
        self
    }
}

/// Location of each key: a file, or the environment.
pub(crate) struct KeyLocations(HashMap<String, String>);

impl KeyLocations {
    /// Collects the location of every key of `tables`. The location of a table is that of its first key.
    pub(crate) fn from_tables(tables: &Map<String, Value>) -> Self {
        let mut locations = Self(HashMap::new());
        locations.record("", tables);
        locations
    }

    /// Adds the locations of the keys of a table, and returns the first one; `None` if no key has a location.
    fn record(&mut self, section: &str, table: &Map<String, Value>) -> Option<String> {
        let mut first = None;
        for (name, value) in table {
            let key = key::join(section, name);
            let place = if let ValueKind::Table(inner) = &value.kind {
                self.record(&key, inner)
            } else {
                None
            };
            let place = value.origin().map(str::to_owned).or(place);
            if let Some(place) = place {
                first = first.or_else(|| Some(place.clone()));
                self.0.insert(key, place);
            }
        }
        first
    }
}

/// Converts a table to the settings of a section. Fails if a key is unknown or a value invalid.
pub(super) fn deserialize<S: DeserializeOwned>(
    section: &str,
    value: Value,
) -> Result<S, ConfigError> {
    value
        .try_deserialize()
        .map_err(|error| section_error(section, error))
}

/// Converts the error of a section that could not be deserialized. Adds the name of an unknown key, which the
/// `config` crate does not report.
pub(super) fn section_error(section: &str, error: LibraryError) -> ConfigError {
    let text = error.to_string();
    let unknown = text
        .strip_prefix("unknown field `")
        .and_then(|rest| rest.split_once("`, "));
    let Some((key, expected)) = unknown else {
        return ConfigError::from_library(section, error);
    };
    let more = if section.starts_with("dialects.") {
        ", or `enabled`, `path`, `backend`, `backend_paths`, `public_paths`, `backend_auth`, or the table proxy"
    } else {
        ""
    };
    // The message names a table within the section at its end.
    let (expected, table) = match expected.rsplit_once(" for key `") {
        Some((expected, table)) => (expected, format!(".{}", table.trim_end_matches('`'))),
        None => (expected, String::new()),
    };
    let more = if table.is_empty() { more } else { "" };
    let key = format!("{section}{table}.{key}");
    ConfigError::new(key, format!("no such key, {expected}{more}"))
}

/// Returns what a parser expected, from its message, without the value that the message quotes.
fn without_value(message: &str) -> String {
    if message == "invalid socket address syntax" {
        return "expected an address with a port, like 127.0.0.1:8080".to_owned();
    }
    match message.rsplit_once("expected ") {
        Some((_, expected)) => expectation(expected),
        None => message.to_owned(),
    }
}

/// Returns what was expected, in the terms of TOML.
fn expectation(expected: &str) -> String {
    if expected == "a map" || expected.starts_with("struct ") {
        "expected a table".to_owned()
    } else {
        format!("expected {expected}")
    }
}
