//! Text with holes that an answer is held against.

use serde_json::Value;

use crate::placeholder::Kind;
use crate::template::{Captures, Part, is_name, split};
use crate::{Failure, Result};

/// A hole of an expectation: a kind, a name, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hole {
    name: Option<String>,
    kind: Option<Kind>,
}

impl Hole {
    fn parse(text: &str) -> Result<Self> {
        if let Some(kind) = Kind::parse(text)? {
            return Ok(Self {
                name: None,
                kind: Some(kind),
            });
        }
        let (name, kind) = match text.split_once(':') {
            Some((name, kind)) => (name, Some(kind)),
            None => (text, None),
        };
        if !is_name(name) {
            return Err(Failure::new(format!(
                "`{{{{{text}}}}}` has neither a kind nor a name"
            )));
        }
        let kind = match kind.map(|kind| (kind, Kind::parse(kind))) {
            None => None,
            Some((_, Ok(Some(kind)))) => Some(kind),
            Some((kind, Ok(None))) => return Err(Failure::new(format!("no kind `{kind}`"))),
            Some((_, Err(failure))) => return Err(failure),
        };
        Ok(Self {
            name: Some(name.to_owned()),
            kind,
        })
    }

    /// Whether the value fits; if so it is captured.
    pub(crate) fn takes(&self, value: &Value, captures: &mut Captures) -> bool {
        let fits = self.kind.as_ref().is_none_or(|kind| kind.fits(value));
        fits && self.repeats_or_captures(value, captures)
    }

    fn takes_text(&self, text: &str, captures: &mut Captures) -> bool {
        let fits = self.kind.as_ref().is_none_or(|kind| kind.fits_text(text));
        fits && self.repeats_or_captures(&Value::from(text), captures)
    }

    fn repeats_or_captures(&self, value: &Value, captures: &mut Captures) -> bool {
        let Some(name) = &self.name else {
            return true;
        };
        match captures.get(name) {
            Some(known) => known == value,
            None if self.kind.is_none() => false,
            None => {
                captures.set(name, value.clone());
                true
            }
        }
    }
}

/// Text with holes that an answer is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern(Vec<Part<Hole>>);

impl Pattern {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        split(text, Hole::parse).map(Self)
    }

    /// The hole, if the text is one hole and nothing else.
    pub(crate) fn sole_hole(&self) -> Option<&Hole> {
        match self.0.as_slice() {
            [Part::Hole(hole)] => Some(hole),
            _ => None,
        }
    }

    /// Whether the whole text matches; if so its holes are captured.
    pub(crate) fn matches(&self, text: &str, captures: &mut Captures) -> bool {
        matches_parts(&self.0, text, captures)
    }
}

fn matches_parts(parts: &[Part<Hole>], text: &str, captures: &mut Captures) -> bool {
    let Some((first, rest)) = parts.split_first() else {
        return text.is_empty();
    };
    let hole = match first {
        Part::Literal(literal) => {
            return text
                .strip_prefix(literal.as_str())
                .is_some_and(|text| matches_parts(rest, text, captures));
        }
        Part::Hole(hole) => hole,
    };
    // The longest first; with nothing behind the hole, only the whole.
    let shortest = if rest.is_empty() { text.len() } else { 0 };
    (shortest..=text.len())
        .rev()
        .filter_map(|end| text.split_at_checked(end))
        .any(|(mine, text)| {
            let mut attempt = captures.clone();
            let matched =
                hole.takes_text(mine, &mut attempt) && matches_parts(rest, text, &mut attempt);
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
            "{{no kind}}",
            "{{name:kind}}",
            "{{int:x}}",
            "{{Name}}",
        ] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
    }
}
