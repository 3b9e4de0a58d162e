//! Files that earlier releases found in the working directory, and that are looked for elsewhere now.

use std::path::Path;

use ::config::{Map, Value, ValueKind};

use super::ConfigError;

/// A setting whose file is only where earlier releases looked for it: a problem while it is in force.
pub(super) struct LegacyPath {
    key: String,
    value: String,
    problem: ConfigError,
}

impl LegacyPath {
    pub(super) const fn new(key: String, value: String, problem: ConfigError) -> Self {
        Self {
            key,
            value,
            problem,
        }
    }

    /// Fails with the error that was found in the layer that set the path, if the setting still has that path in the
    /// merged `tables`. Succeeds if a later layer has set another path.
    pub(super) fn check(self, tables: &Map<String, Value>) -> Result<(), ConfigError> {
        if text_of(tables, &self.key) == Some(&self.value) {
            return Err(self.problem);
        }
        Ok(())
    }
}

/// Returns the text of the setting `key`, or `None` if it is not set to a text.
fn text_of<'t>(tables: &'t Map<String, Value>, key: &str) -> Option<&'t str> {
    let (name, rest) = key
        .split_once('.')
        .map_or((key, None), |(name, rest)| (name, Some(rest)));
    match (&tables.get(name)?.kind, rest) {
        (ValueKind::Table(inner), Some(rest)) => text_of(inner, rest),
        (ValueKind::String(text), None) => Some(text),
        (_, _) => None,
    }
}

/// Fails if the file exists only where earlier releases looked for it, in the working directory. With a new
/// empty file instead, every session would end, or the directory would have no users.
pub(super) fn refuse_legacy_path(file: &Path, folder: &Path) -> Result<(), String> {
    let path = folder.join(file);
    if path.exists() || !file.exists() {
        return Ok(());
    }
    Err(format!(
        "{} does not exist, but {} exists in the working directory, where earlier releases looked for it: \
         move it, or set its absolute path",
        path.display(),
        file.display()
    ))
}
