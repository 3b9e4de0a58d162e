//! Text with placeholders, and the values that placeholders have captured.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{Error, Result};

/// What placeholders have captured so far, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Captures(BTreeMap<String, Value>);

impl Captures {
    /// Returns the value that was captured under a name. `None` if there is none.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Records a value under a name, and replaces an earlier one.
    pub(crate) fn set(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// Returns a captured value as text: a string without its quotes, any other value as JSON. `None` if there is none.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| match value.as_str() {
            Some(text) => text.to_owned(),
            None => value.to_string(),
        })
    }
}

/// A piece of a text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part<H> {
    Literal(String),
    Placeholder(H),
}

/// Returns true if a text can be the name of a capture: lower-case letters, digits and `_`.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Splits a text at its placeholders and parses each of them with `parse`. `Err` if one is not closed or cannot be
/// parsed.
pub(crate) fn split<H>(mut text: &str, parse: impl Fn(&str) -> Result<H>) -> Result<Vec<Part<H>>> {
    let mut parts = Vec::new();
    while let Some((before, after)) = text.split_once("{{") {
        let (placeholder, rest) = after
            .split_once("}}")
            .ok_or_else(|| Error::new(format!("`{{{{{after}` has no end")))?;
        if !before.is_empty() {
            parts.push(Part::Literal(before.to_owned()));
        }
        parts.push(Part::Placeholder(parse(placeholder)?));
        text = rest;
    }
    if !text.is_empty() {
        parts.push(Part::Literal(text.to_owned()));
    }
    Ok(parts)
}
