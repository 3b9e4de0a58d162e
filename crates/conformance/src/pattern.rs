//! Text with placeholders, with which a part of a response is compared.

use serde_json::Value;

use crate::placeholder::ValueType;
use crate::template::{Captures, Part, is_name, split};
use crate::{Error, Result};

/// A placeholder of an expectation: a type, a name, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placeholder {
    name: Option<String>,
    value_type: Option<ValueType>,
}

impl Placeholder {
    /// Parses a placeholder: a type, a name, or both. `Err` if it is none of them.
    fn parse(text: &str) -> Result<Self> {
        if let Some(value_type) = ValueType::parse(text)? {
            return Ok(Self {
                name: None,
                value_type: Some(value_type),
            });
        }
        let (name, value_type) = match text.split_once(':') {
            Some((name, value_type)) => (name, Some(value_type)),
            None => (text, None),
        };
        if !is_name(name) {
            return Err(Error::new(format!(
                "`{{{{{text}}}}}` has neither a type nor a name"
            )));
        }
        let value_type =
            match value_type.map(|value_type| (value_type, ValueType::parse(value_type))) {
                None => None,
                Some((_, Ok(Some(value_type)))) => Some(value_type),
                Some((value_type, Ok(None))) => {
                    return Err(Error::new(format!("no type `{value_type}`")));
                }
                Some((_, Err(error))) => return Err(error),
            };
        Ok(Self {
            name: Some(name.to_owned()),
            value_type,
        })
    }

    /// Returns true if a JSON value matches the placeholder, which then captures it.
    pub(crate) fn accepts(&self, value: &Value, captures: &mut Captures) -> bool {
        let matches = self
            .value_type
            .as_ref()
            .is_none_or(|value_type| value_type.matches(value));
        matches && self.capture_or_compare(value, captures)
    }

    /// Returns true if a text matches the placeholder, which then captures it.
    fn accepts_text(&self, text: &str, captures: &mut Captures) -> bool {
        let matches = self
            .value_type
            .as_ref()
            .is_none_or(|value_type| value_type.matches_text(text));
        matches && self.capture_or_compare(&Value::from(text), captures)
    }

    /// Captures a value under the placeholder's name and returns true. Returns false if the name has another value
    /// already, or has none and the placeholder has no type.
    fn capture_or_compare(&self, value: &Value, captures: &mut Captures) -> bool {
        let Some(name) = &self.name else {
            return true;
        };
        match captures.get(name) {
            Some(known) => known == value,
            None if self.value_type.is_none() => false,
            None => {
                captures.set(name, value.clone());
                true
            }
        }
    }
}

/// Text with placeholders, with which a part of a response is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern(Vec<Part<Placeholder>>);

impl Pattern {
    /// Parses a text with placeholders. `Err` if one is invalid.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        split(text, Placeholder::parse).map(Self)
    }

    /// Returns the placeholder of a text that is nothing else. `None` for any other text.
    pub(crate) fn sole_placeholder(&self) -> Option<&Placeholder> {
        match self.0.as_slice() {
            [Part::Placeholder(placeholder)] => Some(placeholder),
            _ => None,
        }
    }

    /// Returns true if the whole text matches. The placeholders then capture its parts.
    pub(crate) fn matches(&self, text: &str, captures: &mut Captures) -> bool {
        matches_parts(&self.0, text, captures)
    }
}

/// Returns true if the text is a sequence of these parts. The placeholders then capture theirs.
fn matches_parts(parts: &[Part<Placeholder>], text: &str, captures: &mut Captures) -> bool {
    let Some((first, rest)) = parts.split_first() else {
        return text.is_empty();
    };
    let placeholder = match first {
        Part::Literal(literal) => {
            return text
                .strip_prefix(literal.as_str())
                .is_some_and(|text| matches_parts(rest, text, captures));
        }
        Part::Placeholder(placeholder) => placeholder,
    };
    // The longest part first. A placeholder at the end matches only the whole rest.
    let shortest = if rest.is_empty() { text.len() } else { 0 };
    (shortest..=text.len())
        .rev()
        .filter_map(|end| text.split_at_checked(end))
        .any(|(mine, text)| {
            let mut attempt = captures.clone();
            let matched = placeholder.accepts_text(mine, &mut attempt)
                && matches_parts(rest, text, &mut attempt);
            if matched {
                *captures = attempt;
            }
            matched
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern)
            .unwrap()
            .matches(text, &mut Captures::default())
    }

    #[test]
    fn a_hole_may_be_a_part_of_a_text() {
        assert!(matches("a {{int}} b {{text}}", "a 5 b 6 b c"));
        assert!(!matches("a {{int}} b", "a x b"));
        assert!(!matches("a {{int}} b", "a 5 b "));
        assert!(matches("text/html{{string}}", "text/html"));
        assert!(matches("text/html{{string}}", "text/html; charset=utf-8"));
        assert!(matches("", ""));
        assert!(!matches("", "x"));
        assert!(matches("é{{text}}é", "éàé"));
    }

    #[test]
    fn a_name_captures_once_and_repeats_after() {
        assert!(matches("{{a:int}} {{a}}", "5 5"));
        assert!(!matches("{{a:int}} {{a}}", "5 6"));
        assert!(!matches("{{a:int}} {{a:int}}", "5 6"));
        assert!(!matches("{{a}}", "5"), "nothing was captured yet");
        let mut captures = Captures::default();
        let pattern = Pattern::parse("30-{{digits:hex32}}").unwrap();
        assert!(pattern.matches("30-a3bf70333f8f1316cb7841cd774c9ce8", &mut captures));
        assert_eq!(
            captures.text("digits").unwrap(),
            "a3bf70333f8f1316cb7841cd774c9ce8"
        );
    }

    #[test]
    fn a_bad_hole_is_refused() {
        for text in [
            "{{",
            "{{int",
            "{{}}",
            "{{no type}}",
            "{{name:kind}}",
            "{{int:x}}",
            "{{Name}}",
        ] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
    }
}
