//! What is wrong with a configuration, in one line.

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
    /// A problem with the value of `key`.
    pub(crate) fn new(key: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self {
            key: key.into(),
            reason: reason.to_string(),
            place: None,
        }
    }

    /// A problem that the library found in `section`, or outside of any if that is empty.
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

    /// The same problem, at that place.
    pub(super) fn in_layer(mut self, place: &str) -> Self {
        self.place = Some(place.to_owned());
        self
    }

    /// The same problem, with the place where its key stands.
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

/// Where each key stands: a file, or the environment.
pub(crate) struct KeyLocations(HashMap<String, String>);

impl KeyLocations {
    /// Notes the place of every key below `tables`. A table stands where its first key does.
    pub(crate) fn from_tables(tables: &Map<String, Value>) -> Self {
        let mut locations = Self(HashMap::new());
        locations.record("", tables);
        locations
    }

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

/// Reads a section.
pub(super) fn deserialize<S: DeserializeOwned>(
    section: &str,
    value: Value,
) -> Result<S, ConfigError> {
    value
        .try_deserialize()
        .map_err(|error| section_error(section, error))
}

/// Returns what is wrong with a section that could not be read, and names an unknown key of it: the library
/// does not.
pub(super) fn section_error(section: &str, error: LibraryError) -> ConfigError {
    let text = error.to_string();
    let unknown = text
        .strip_prefix("unknown field `")
        .and_then(|rest| rest.split_once("`, "));
    let Some((key, expected)) = unknown else {
        return ConfigError::from_library(section, error);
    };
    let more = if section.starts_with("dialects.") {
        ", or `enabled`, `path`"
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

/// A parser's message, cut down to what it expected.
fn without_value(message: &str) -> String {
    if message == "invalid socket address syntax" {
        return "expected an address with a port, like 127.0.0.1:8080".to_owned();
    }
    match message.rsplit_once("expected ") {
        Some((_, expected)) => expectation(expected),
        None => message.to_owned(),
    }
}

/// In the words of TOML.
fn expectation(expected: &str) -> String {
    if expected == "a map" || expected.starts_with("struct ") {
        "expected a table".to_owned()
    } else {
        format!("expected {expected}")
    }
}
