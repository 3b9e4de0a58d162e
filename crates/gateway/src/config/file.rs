//! Configuration files.

use std::fs;
use std::path::Path;

use ::config::{Map, Value, ValueKind};
use toml::de::{DeTable, DeValue};

use super::ConfigError;

/// Reads a TOML file; each value gets the file's name as its origin. Integers that are too large for any
/// setting are accepted here, so that the later error names the key. Fails if the file cannot be read or is not
/// TOML.
pub(super) fn read(file: &Path) -> Result<Map<String, Value>, ConfigError> {
    let name = file.display().to_string();
    let bytes = fs::read(file).map_err(|error| ConfigError::new(&*name, error))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| ConfigError::new(&*name, "not TOML: expected text in UTF-8"))?;
    parse(&name, &text)
}

/// Parses TOML; each value gets `name` as its origin. Fails with the position of a syntax error, without the
/// line, which may hold a secret.
pub(super) fn parse(name: &str, text: &str) -> Result<Map<String, Value>, ConfigError> {
    let text = text.trim_start_matches('\u{feff}');
    let document = DeTable::parse(text).map_err(|error| {
        // The parser draws the line that is wrong, which may hold a secret. Its place is enough.
        let error = error.to_string();
        let place = error.lines().next().unwrap_or_default();
        ConfigError::new(name, format!("not TOML: {place}"))
    })?;
    Ok(table(name, document.into_inner()))
}

fn table(file: &str, table: DeTable<'_>) -> Map<String, Value> {
    let entries = table.into_iter().map(|(key, entry)| {
        let key = key.into_inner().into_owned();
        (key, value(file, entry.into_inner()))
    });
    entries.collect()
}

fn value(file: &str, value: DeValue<'_>) -> Value {
    let kind = match value {
        DeValue::String(text) => ValueKind::String(text.into_owned()),
        DeValue::Boolean(value) => ValueKind::Boolean(value),
        DeValue::Integer(number) => {
            let (digits, radix) = (number.as_str(), number.radix());
            match i64::from_str_radix(digits, radix) {
                Ok(number) => ValueKind::I64(number),
                Err(_) if digits.starts_with('-') => ValueKind::I128(i128::MIN),
                Err(_) => ValueKind::I128(i128::MAX),
            }
        }
        DeValue::Float(number) => ValueKind::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Datetime(moment) => ValueKind::String(moment.to_string()),
        DeValue::Array(items) => {
            let items = items.into_iter();
            let items = items.map(|item| self::value(file, item.into_inner()));
            ValueKind::Array(items.collect())
        }
        DeValue::Table(inner) => ValueKind::Table(table(file, inner)),
    };
    Value::new(Some(&file.to_owned()), kind)
}
