//! Comparing the body of a response with the expected one.

use serde_json::{Map, Value};

use crate::pattern::Pattern;
use crate::template::Captures;
use crate::{Error, Result};

/// An expected body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    /// Compared key by key and type by type; strings may contain placeholders.
    Json(Value),
    /// Compared byte by byte, except for its placeholders.
    Text(Pattern),
}

impl Body {
    /// Parses an expected JSON body. `Err` if it is not JSON, or if one of its strings has an invalid placeholder.
    pub(crate) fn json(text: &str) -> Result<Self> {
        let value = serde_json::from_str(text)
            .map_err(|error| Error::new(format!("the expected body is not JSON: {error}")))?;
        check_placeholders(&value)?;
        Ok(Self::Json(value))
    }

    /// Compares a received body with the expected one, captures the values of its placeholders, and returns a line for
    /// each difference, with its path. Empty if the body is as expected.
    pub(crate) fn differences(&self, received: &[u8], captures: &mut Captures) -> Vec<String> {
        let expected = match self {
            Self::Text(pattern) => {
                let matched = std::str::from_utf8(received)
                    .is_ok_and(|received| pattern.matches(received, captures));
                let difference = "the body differs".to_owned();
                return if matched {
                    Vec::new()
                } else {
                    vec![difference]
                };
            }
            Self::Json(expected) => expected,
        };
        match serde_json::from_slice(received) {
            Err(error) => vec![format!("the body is not JSON: {error}")],
            Ok(received) => {
                let mut found = Vec::new();
                compare("$", expected, &received, captures, &mut found);
                found
            }
        }
    }
}

/// Parses the placeholders in all strings of a JSON value. `Err` if one is invalid.
fn check_placeholders(value: &Value) -> Result<()> {
    match value {
        Value::String(text) => Pattern::parse(text).map(drop),
        Value::Array(items) => items.iter().try_for_each(check_placeholders),
        Value::Object(members) => members.values().try_for_each(check_placeholders),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

/// Compares two JSON values and adds a line to `found` for each difference below `path`.
fn compare(
    path: &str,
    expected: &Value,
    received: &Value,
    captures: &mut Captures,
    found: &mut Vec<String>,
) {
    match (expected, received) {
        (Value::Object(expected), Value::Object(received)) => {
            compare_members(path, expected, received, captures, found);
        }
        (Value::Array(expected), Value::Array(received)) if expected.len() == received.len() => {
            for (index, (expected, received)) in expected.iter().zip(received).enumerate() {
                compare(
                    &format!("{path}[{index}]"),
                    expected,
                    received,
                    captures,
                    found,
                );
            }
        }
        _ if matches_value(expected, received, captures) => {}
        _ => found.push(format!("{path}: expected {expected}, received {received}")),
    }
}

/// Compares two JSON objects and adds a line to `found` for each missing, unexpected or different member.
fn compare_members(
    path: &str,
    expected: &Map<String, Value>,
    received: &Map<String, Value>,
    captures: &mut Captures,
    found: &mut Vec<String>,
) {
    for (name, expected) in expected {
        let path = format!("{path}.{name}");
        match received.get(name) {
            Some(received) => compare(&path, expected, received, captures, found),
            None => found.push(format!("{path}: missing, expected {expected}")),
        }
    }
    for (name, received) in received
        .iter()
        .filter(|(name, _)| !expected.contains_key(*name))
    {
        found.push(format!("{path}.{name}: unexpected, received {received}"));
    }
}

/// Returns true if a value equals the expected one or matches its placeholders, which then capture it.
fn matches_value(expected: &Value, received: &Value, captures: &mut Captures) -> bool {
    let Some(pattern) = expected.as_str().and_then(|text| Pattern::parse(text).ok()) else {
        return expected == received;
    };
    match (pattern.sole_placeholder(), received) {
        (Some(placeholder), _) => placeholder.accepts(received, captures),
        (None, Value::String(received)) => pattern.matches(received, captures),
        (None, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences(expected: &str, received: &str) -> Vec<String> {
        let mut captures = Captures::default();
        Body::json(expected)
            .unwrap()
            .differences(received.as_bytes(), &mut captures)
    }

    #[test]
    fn the_same_members_in_any_order_match() {
        let received = r#"{ "b" : [true, null], "a" : 28799 }"#;
        assert!(
            differences(
                r#"{"a": "{{int:28798..28799}}", "b": [true, null]}"#,
                received
            )
            .is_empty()
        );
    }

    #[test]
    fn an_extra_and_a_missing_member_are_named() {
        assert_eq!(
            differences(
                r#"{"user": {"id": 30, "role": "ADMIN"}}"#,
                r#"{"user": {"id": 30, "uid": "x"}}"#
            ),
            [
                r#"$.user.role: missing, expected "ADMIN""#,
                r#"$.user.uid: unexpected, received "x""#,
            ]
        );
    }

    #[test]
    fn a_type_is_not_another() {
        let cases = [
            (r#"{"a": "{{int}}"}"#, r#"{"a": "5"}"#),
            (r#"{"a": 5}"#, r#"{"a": "5"}"#),
            (r#"{"a": 5}"#, r#"{"a": 5.0}"#),
            (r#"{"a": "5"}"#, r#"{"a": 5}"#),
            (r#"{"a": "{{bool}}"}"#, r#"{"a": "true"}"#),
            (r#"{"a": "{{string}}"}"#, r#"{"a": null}"#),
            (r#"{"a": null}"#, r#"{"a": ""}"#),
            (r#"{"a": {}}"#, r#"{"a": []}"#),
            (r#"{"a": []}"#, r#"{"a": [1]}"#),
            (r#"{"a": "x {{text}}"}"#, r#"{"a": 5}"#),
        ];
        for (expected, received) in cases {
            assert_eq!(
                differences(expected, received).len(),
                1,
                "{expected} {received}"
            );
        }
    }

    #[test]
    fn the_place_is_given() {
        assert_eq!(
            differences(r#"{"a": [{"b": "{{hex32}}"}]}"#, r#"{"a": [{"b": "x"}]}"#),
            [r#"$.a[0].b: expected "{{hex32}}", received "x""#]
        );
        assert_eq!(differences("{}", "<html>").len(), 1);
    }

    #[test]
    fn a_capture_keeps_its_type() {
        let expected = r#"{"a": "{{n:int}}", "b": "{{n}}"}"#;
        assert!(differences(expected, r#"{"a": 5, "b": 5}"#).is_empty());
        assert_eq!(differences(expected, r#"{"a": 5, "b": "5"}"#).len(), 1);
    }

    #[test]
    fn a_text_is_matched_byte_for_byte() {
        let body = Body::Text(Pattern::parse("Too many {{text}}.").unwrap());
        let mut captures = Captures::default();
        assert!(
            body.differences(b"Too many requests.", &mut captures)
                .is_empty()
        );
        assert_eq!(
            body.differences(b"Too many requests.\n", &mut captures)
                .len(),
            1
        );
        assert_eq!(body.differences(b"Too many \xff.", &mut captures).len(), 1);
    }

    #[test]
    fn a_bad_hole_is_found_before_the_test_runs() {
        assert!(Body::json(r#"{"a": [{"b": "{{nonsense:x}}"}]}"#).is_err());
        assert!(Body::json("{a: 1}").is_err());
    }
}
