//! Environment variables, which override all files.

use ::config::{ConfigError as LibraryError, Environment, Map, Source, Value, ValueKind};

use super::error::ConfigError;

/// Prefix of variables, and separator between their levels.
pub(super) const PREFIX: &str = "ISOGLOSS";
pub(super) const SEPARATOR: &str = "__";

/// The variables of this process, with lists as TOML has them: `["10.0.0.0/8", "192.0.2.1"]`.
#[derive(Debug, Clone)]
pub(super) struct Variables(Environment);

impl Variables {
    pub(super) fn new() -> Self {
        let variables = Environment::with_prefix(PREFIX)
            .prefix_separator(SEPARATOR)
            .separator(SEPARATOR);
        Self(variables)
    }
}

impl Source for Variables {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    /// Returns the variables with lists parsed. Fails if a variable cannot be converted.
    fn collect(&self) -> Result<Map<String, Value>, LibraryError> {
        let mut variables = self.0.collect()?;
        for value in variables.values_mut() {
            if let ValueKind::String(text) = &value.kind
                && let Some(list) = list(text)
            {
                value.kind = list;
            }
        }
        Ok(variables)
    }
}

/// Fails if the value of one of our variables is not UTF-8. The `config` crate would quote the value, which may
/// be a secret.
pub(super) fn check_texts() -> Result<(), ConfigError> {
    let start = format!("{PREFIX}{SEPARATOR}");
    for (name, value) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.to_ascii_uppercase().starts_with(&start) && value.to_str().is_none() {
            return Err(ConfigError::new(name, "expected text in UTF-8"));
        }
    }
    Ok(())
}

/// Parses a TOML list of texts. Returns `None` for anything else, which is used unchanged: a secret may begin
/// with a bracket.
fn list(text: &str) -> Option<ValueKind> {
    let text = text.trim();
    if !text.starts_with('[') {
        return None;
    }
    let parsed: toml::Table = format!("list = {text}").parse().ok()?;
    let only = parsed.len() == 1;
    let entries = parsed.get("list").filter(|_| only)?.as_array()?.iter();
    let entries = entries.map(|entry| Some(Value::new(None, entry.as_str()?)));
    Some(ValueKind::Array(entries.collect::<Option<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lists_of_texts_are_lists() {
        let count = |text: &str| {
            let list = Value::new(None, list(text)?).into_array();
            list.ok().map(|entries| entries.len())
        };
        assert_eq!(count("[]"), Some(0));
        assert_eq!(count(" [\"10.0.0.0/8\", '192.0.2.1',] "), Some(2));
        for other in ["", "x", "[", "[1]", "[x]", "[\"a\"] b", "[\"a\"]\nb = 1"] {
            assert_eq!(count(other), None, "{other}");
        }
    }
}
