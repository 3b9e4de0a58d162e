//! The types of placeholders in an expected response, and the values that each accepts.

use std::ops::RangeInclusive;
use std::time::UNIX_EPOCH;

use serde_json::Value;
use time::PrimitiveDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use uuid::Uuid;

use crate::{Error, Result};

/// The values that a placeholder accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ValueType {
    Int(Option<RangeInclusive<i64>>),
    Number,
    Bool,
    LowerHex,
    UpperHex,
    Guid,
    Text,
    String,
    Any,
    MemsourceToken(String),
    Time(Option<RangeInclusive<i64>>),
}

impl ValueType {
    /// Parses a type such as `int:1..5`. `None` if the first word is not a type; `Err` if its argument is invalid.
    pub(crate) fn parse(text: &str) -> Result<Option<Self>> {
        let (word, argument) = match text.split_once(':') {
            Some((word, argument)) => (word, Some(argument)),
            None => (text, None),
        };
        let plain = match word {
            "int" => return Ok(Some(Self::Int(argument.map(range).transpose()?))),
            "time+0000" => return Ok(Some(Self::Time(argument.map(range).transpose()?))),
            "memsource-token" => {
                let number = argument.ok_or_else(|| {
                    Error::new("`memsource-token` needs a user number: `memsource-token:30`")
                })?;
                return Ok(Some(Self::MemsourceToken(number.to_owned())));
            }
            "number" => Self::Number,
            "bool" => Self::Bool,
            "hex32" => Self::LowerHex,
            "HEX32" => Self::UpperHex,
            "guid" => Self::Guid,
            "text" => Self::Text,
            "string" => Self::String,
            "any" => Self::Any,
            _ => return Ok(None),
        };
        match argument {
            None => Ok(Some(plain)),
            Some(argument) => Err(Error::new(format!("`{word}` takes no `{argument}`"))),
        }
    }

    /// Returns true if a JSON value has this type.
    pub(crate) fn matches(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Any, _) | (Self::Bool, Value::Bool(_)) | (Self::Number, Value::Number(_)) => {
                true
            }
            (Self::Int(range), Value::Number(number)) => {
                number.as_i64().is_some_and(|n| within(range.as_ref(), n))
            }
            (Self::Bool | Self::Number | Self::Int(_), _) => false,
            (_, Value::String(text)) => self.matches_text(text),
            _ => false,
        }
    }

    /// Returns true if a text has this type, in a header or a part of a string, where all values are text.
    pub(crate) fn matches_text(&self, text: &str) -> bool {
        match self {
            Self::Int(range) => text.parse().is_ok_and(|n| within(range.as_ref(), n)),
            Self::Number => text.parse::<f64>().is_ok(),
            Self::Bool => matches!(text, "true" | "false"),
            Self::LowerHex => is_lower_hex(text),
            Self::UpperHex => is_hex(text) && !text.bytes().any(|b| b.is_ascii_lowercase()),
            Self::Guid => text.len() == 36 && Uuid::try_parse(text).is_ok(),
            Self::Text => !text.is_empty(),
            Self::String | Self::Any => true,
            Self::MemsourceToken(number) => text
                .strip_prefix(number.as_str())
                .and_then(|rest| rest.strip_prefix('-'))
                .is_some_and(is_lower_hex),
            Self::Time(range) => {
                seconds(text).is_some_and(|then| within(range.as_ref(), then - now()))
            }
        }
    }
}

/// Returns the seconds since 1970.
pub(crate) fn now() -> i64 {
    let elapsed = UNIX_EPOCH.elapsed().unwrap_or_default();
    i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX)
}

/// Parses a range like `1..5`, with both ends included. `Err` for any other text.
fn range(text: &str) -> Result<RangeInclusive<i64>> {
    text.split_once("..")
        .and_then(|(low, high)| Some(low.parse().ok()?..=high.parse().ok()?))
        .ok_or_else(|| {
            Error::new(format!(
                "`{text}` is not a range, expected for example `1..5`"
            ))
        })
}

/// Returns true if the number is in the range, or if there is no range.
fn within(range: Option<&RangeInclusive<i64>>, number: i64) -> bool {
    range.is_none_or(|range| range.contains(&number))
}

fn is_hex(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_lower_hex(text: &str) -> bool {
    is_hex(text) && !text.bytes().any(|b| b.is_ascii_uppercase())
}

/// Returns the seconds since 1970 of a timestamp like `2014-12-12T16:55:02+0000`. `None` for any other format.
fn seconds(text: &str) -> Option<i64> {
    const FORMAT: &[BorrowedFormatItem<'_>] =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]+0000");
    let time = PrimitiveDateTime::parse(text, FORMAT).ok()?;
    Some(time.assume_utc().unix_timestamp())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value_type(text: &str) -> ValueType {
        ValueType::parse(text).unwrap().unwrap()
    }

    #[test]
    fn each_kind_takes_its_own_and_nothing_else() {
        let hex = "35eb2b5e94b54d5aafa6b6a7b6e8de01";
        let cases = [
            ("int", json!(5), json!("5")),
            ("int", json!(-5), json!(5.0)),
            ("int:1..5", json!(5), json!(6)),
            ("int:1..5", json!(1), json!(0)),
            ("number", json!(0.5), json!("0.5")),
            ("bool", json!(false), json!("false")),
            ("bool", json!(true), json!(1)),
            ("hex32", json!(hex), json!(hex.to_uppercase())),
            ("hex32", json!(hex), json!(hex[1..])),
            ("HEX32", json!(hex.to_uppercase()), json!(hex)),
            ("HEX32", json!("4AD9C84FA60F9FE407140E20F707726A"), json!(7)),
            (
                "guid",
                json!("9fd0bb9d-570b-4719-bfae-93e2f879c19a"),
                json!(hex),
            ),
            (
                "guid",
                json!("1FD44C0E-DCB4-11E2-A114-67286288709B"),
                json!(""),
            ),
            ("text", json!("x"), json!("")),
            ("text", json!("5"), json!(5)),
            ("string", json!(""), json!(null)),
            ("string", json!("x"), json!({})),
            (
                "memsource-token:30",
                json!(format!("30-{hex}")),
                json!(format!("35-{hex}")),
            ),
            (
                "memsource-token:30",
                json!(format!("30-{hex}")),
                json!(format!("30-{hex}0")),
            ),
            ("memsource-token:30", json!(format!("30-{hex}")), json!(hex)),
            (
                "time+0000",
                json!("2014-12-12T16:55:02+0000"),
                json!("2014-12-12T16:55:02Z"),
            ),
            (
                "time+0000",
                json!("2014-12-12T16:55:02+0000"),
                json!("2014-12-12T16:55:02.1+0000"),
            ),
            (
                "time+0000",
                json!("2014-12-12T16:55:02+0000"),
                json!("2014-13-12T16:55:02+0000"),
            ),
        ];
        for (text, good, bad) in cases {
            assert!(value_type(text).matches(&good), "{text} {good}");
            assert!(!value_type(text).matches(&bad), "{text} {bad}");
        }
        for value in [json!(null), json!([1]), json!("x"), json!(1)] {
            assert!(value_type("any").matches(&value), "{value}");
        }
    }

    #[test]
    fn time_is_counted_from_now() {
        assert_eq!(seconds("1970-01-01T00:00:00+0000"), Some(0));
        assert_eq!(seconds("2014-12-12T16:55:02+0000"), Some(1_418_403_302));
        assert_eq!(seconds("2000-02-29T23:59:59+0000"), Some(951_868_799));
        assert_eq!(seconds("2000-03-01T00:00:00+0000"), Some(951_868_800));
        assert!(!value_type("time+0000:86390..86400").matches_text("2014-12-12T16:55:02+0000"));
        let ago = now() - 1_418_403_302;
        let near = format!("time+0000:{}..{}", -ago - 60, 60 - ago);
        assert!(value_type(&near).matches_text("2014-12-12T16:55:02+0000"));
    }

    #[test]
    fn in_text_a_number_is_its_digits() {
        assert!(value_type("int:400..401").matches_text("401"));
        assert!(!value_type("int:400..401").matches_text("402"));
        assert!(value_type("number").matches_text("0.5"));
        assert!(value_type("bool").matches_text("true"));
        assert!(!value_type("bool").matches_text("True"));
    }

    #[test]
    fn a_kind_is_read_or_refused() {
        assert_eq!(value_type("int:1..5"), ValueType::Int(Some(1..=5)));
        assert_eq!(ValueType::parse("token").unwrap(), None);
        for text in ["int:5", "int:a..b", "hex32:1", "memsource-token"] {
            assert!(ValueType::parse(text).is_err(), "{text}");
        }
    }
}
