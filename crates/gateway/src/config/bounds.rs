//! Checks types and ranges of values against the schema.

use std::sync::LazyLock;

use ::config::{Map, Value, ValueKind};
use humantime_serde::re::humantime::parse_duration;
use serde_json::Value as Schema;

use super::schema::{DURATION, MAXIMUM, MINIMUM, resolved, schema};
use super::{ConfigError, key};

/// Fails if a value has another type than its key, or is out of the range of its key. The `config` crate is not
/// enough: it converts `2.7` to an integer, `2` to a boolean and `true` to a text. The text of an environment
/// variable is accepted for any type that it can be parsed as.
pub(super) fn check(tables: &Map<String, Value>) -> Result<(), ConfigError> {
    check_table(&SCHEMA, &SCHEMA, "", tables)
}

static SCHEMA: LazyLock<Schema> = LazyLock::new(schema);
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Checks each value of a table against the schema `shape` of the table. Keys that the schema does not have are
/// skipped: they are refused when the table is read. `schema` is the whole schema, which has the targets of
/// references. Fails if a value has another type than its key, or is out of the range of its key.
fn check_table(
    schema: &Schema,
    shape: &Schema,
    section: &str,
    table: &Map<String, Value>,
) -> Result<(), ConfigError> {
    for (name, value) in table {
        let key = key::join(section, name);
        let each = shape
            .get("additionalProperties")
            .filter(|each| each.is_object());
        // Names that do not exist are refused where the table is read.
        if let Some(wanted) = shape["properties"].get(name).or(each) {
            check_value(schema, wanted, &key, value)?;
        }
    }
    Ok(())
}

/// Checks one value, and all values in it, against the schema `wanted` of its key. `schema` is the whole schema,
/// which has the targets of references. Fails if a value has another type than its key, is out of the range of its
/// key, or is a text with a byte order mark. A table or a list in place of another type, or the reverse, is accepted
/// here.
fn check_value(
    schema: &Schema,
    wanted: &Schema,
    key: &str,
    value: &Value,
) -> Result<(), ConfigError> {
    let shape = resolved(schema, wanted);
    match (shape["type"].as_str(), &value.kind) {
        (Some("object"), ValueKind::Table(table)) => check_table(schema, shape, key, table),
        (Some("array"), ValueKind::Array(items)) => {
            let mut items = items.iter().enumerate();
            items.try_for_each(|(index, item)| {
                check_value(schema, &shape["items"], &format!("{key}[{index}]"), item)
            })
        }
        (Some("object" | "array"), _) | (_, ValueKind::Table(_) | ValueKind::Array(_)) => Ok(()),
        (_, ValueKind::String(text)) if text.contains(BYTE_ORDER_MARK) => Err(ConfigError::new(
            key,
            "expected a text without a byte order mark (U+FEFF)",
        )),
        (Some("integer"), kind) => check_integer(wanted, shape, key, kind),
        (Some("number"), kind) => check_number(wanted, shape, key, kind),
        (Some("boolean"), ValueKind::Boolean(_) | ValueKind::String(_)) => Ok(()),
        (Some("boolean"), _) => Err(ConfigError::new(key, "expected a boolean")),
        (_, ValueKind::String(text)) if wanted["$ref"] == DURATION => {
            check_duration(wanted, shape, key, text)
        }
        (_, ValueKind::String(_)) => Ok(()),
        (_, _) if wanted["$ref"] == DURATION => Err(ConfigError::new(
            key,
            "expected a duration in quotes, like \"90s\"",
        )),
        (_, _) => Err(ConfigError::new(key, "expected a text in quotes")),
    }
}

/// Returns a keyword of the schema of a key, or else of the type that it refers to; `None` if neither has it.
fn bound<'s>(wanted: &'s Schema, shape: &'s Schema, name: &str) -> Option<&'s Schema> {
    wanted.get(name).or_else(|| shape.get(name))
}

/// Fails unless the value is an integer within the range of its key.
fn check_integer(
    wanted: &Schema,
    shape: &Schema,
    key: &str,
    kind: &ValueKind,
) -> Result<(), ConfigError> {
    let number = match kind {
        ValueKind::I64(number) => Some(i128::from(*number)),
        ValueKind::U64(number) => Some(i128::from(*number)),
        ValueKind::I128(number) => Some(*number),
        ValueKind::String(text) => text.parse().ok(),
        ValueKind::Nil
        | ValueKind::Boolean(_)
        | ValueKind::U128(_)
        | ValueKind::Float(_)
        | ValueKind::Table(_)
        | ValueKind::Array(_) => None,
    };
    let limit = |name| bound(wanted, shape, name).and_then(Schema::as_i64);
    let (least, most) = (limit("minimum"), limit("maximum"));
    match (number, least, most) {
        (None, _, _) => Err(ConfigError::new(key, "expected an integer")),
        (Some(number), Some(least), Some(most)) => {
            if (i128::from(least)..=i128::from(most)).contains(&number) {
                return Ok(());
            }
            let expected = format!("expected a number from {least} to {most}");
            Err(ConfigError::new(key, expected))
        }
        (Some(_), _, _) => Ok(()),
    }
}

/// Fails unless the value is a number within the range of its key.
fn check_number(
    wanted: &Schema,
    shape: &Schema,
    key: &str,
    kind: &ValueKind,
) -> Result<(), ConfigError> {
    let number = match kind {
        ValueKind::Float(number) => Some(*number),
        #[expect(clippy::cast_precision_loss, reason = "bounds are small numbers")]
        ValueKind::I64(number) => Some(*number as f64),
        ValueKind::String(text) => text.parse().ok(),
        ValueKind::Nil
        | ValueKind::Boolean(_)
        | ValueKind::I128(_)
        | ValueKind::U64(_)
        | ValueKind::U128(_)
        | ValueKind::Table(_)
        | ValueKind::Array(_) => None,
    };
    let limit = |name| bound(wanted, shape, name).and_then(Schema::as_f64);
    let (least, most) = (
        limit("minimum").unwrap_or(f64::MIN),
        limit("maximum").unwrap_or(f64::MAX),
    );
    if number.is_some_and(|number| (least..=most).contains(&number)) {
        return Ok(());
    }
    let expected = format!("expected a number from {least} to {most}");
    Err(ConfigError::new(key, expected))
}

/// Fails unless the text is a duration within the range of its key.
fn check_duration(
    wanted: &Schema,
    shape: &Schema,
    key: &str,
    text: &str,
) -> Result<(), ConfigError> {
    let limit = |name| bound(wanted, shape, name).and_then(Schema::as_str);
    let (Some(least), Some(most)) = (limit(MINIMUM), limit(MAXIMUM)) else {
        return Ok(());
    };
    let within = || {
        let span = parse_duration(text).ok()?;
        let (least, most) = (parse_duration(least).ok()?, parse_duration(most).ok()?);
        Some((least..=most).contains(&span))
    };
    match within() {
        Some(true) => Ok(()),
        Some(false) => {
            let expected = format!("expected a duration from {least} to {most}");
            Err(ConfigError::new(key, expected))
        }
        None => Err(ConfigError::new(key, "expected a duration")),
    }
}
