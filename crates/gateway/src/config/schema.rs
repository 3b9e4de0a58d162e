//! The JSON Schema of a configuration file, generated from the settings.

use humantime_serde::re::humantime::parse_duration;
use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use schemars::{JsonSchema as _, Schema};
use serde_json::{Map, Value, json};

use super::key::join;
use super::{BackEndSettings, Sections};
use crate::dialects;

/// Reference to the schema of durations.
pub(super) const DURATION: &str = "#/$defs/Duration";
/// The least and the most that a duration may be: keywords of our own, as the schema's are for numbers.
pub(super) const MINIMUM: &str = "x-minimum";
pub(super) const MAXIMUM: &str = "x-maximum";
const SECONDS_OF_A_DAY: u64 = 24 * 60 * 60;

/// Returns the JSON Schema (2020-12) of configuration files.
pub(crate) fn schema() -> Value {
    // As settings are written: words that are read from a text are listed there.
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut generator = settings.into_generator();
    let mut root = Sections::json_schema(&mut generator);
    let back_end = BackEndSettings::json_schema(&mut generator).to_value();
    let tables = dialects::schemas(&mut generator);
    let tables: Map<_, _> = tables
        .into_iter()
        .map(|(name, path, table)| (name.to_owned(), dialect(path, table, &back_end)))
        .collect();
    if let Some(sections) = root.get_mut("properties").and_then(Value::as_object_mut) {
        let dialects = json!({
            "description": "The dialects. A dialect that is not enabled, or has no table, has no route.",
            "type": "object",
            "properties": tables,
            "additionalProperties": false,
        });
        sections.insert("dialects".to_owned(), dialects);
    }
    let mut definitions = generator.take_definitions(false);
    definitions.insert("Duration".to_owned(), duration());
    root.insert("$defs".to_owned(), Value::Object(definitions));
    root.insert(
        "$schema".to_owned(),
        "https://json-schema.org/draft/2020-12/schema".into(),
    );
    root.insert("title".to_owned(), "Configuration of Isogloss".into());
    root.insert(
        "description".to_owned(),
        "Environment variables override files: ISOGLOSS__SERVER__BIND sets server.bind.".into(),
    );
    as_read(&mut root);
    root.to_value()
}

/// Returns the key and the schema of every setting, such as `dialects.bimplus.path`. Settings for each dialect
/// are listed once per dialect. A table whose names are free, such as `forward_auth.headers`, is one key.
pub(super) fn keys(schema: &Value) -> Vec<(String, &Value)> {
    let mut keys = Vec::new();
    add_keys(&mut keys, schema, "", schema);
    keys
}

fn add_keys<'s>(
    keys: &mut Vec<(String, &'s Value)>,
    schema: &'s Value,
    path: &str,
    key: &'s Value,
) {
    let shape = resolved(schema, key);
    let tables = shape["properties"].as_object();
    let each = shape
        .get("additionalProperties")
        .filter(|each| resolved(schema, each).get("properties").is_some());
    if tables.is_none() && each.is_none() {
        keys.push((path.to_owned(), key));
        return;
    }
    for (name, key) in tables.into_iter().flatten() {
        add_keys(keys, schema, &join(path, name), key);
    }
    for name in dialects::names() {
        if let Some(each) = each {
            add_keys(keys, schema, &join(path, name), each);
        }
    }
}

/// Returns the target of a reference; any other value is returned unchanged.
pub(super) fn resolved<'s>(schema: &'s Value, value: &'s Value) -> &'s Value {
    let target = value["$ref"].as_str();
    let pointer = target.and_then(|target| target.strip_prefix('#'));
    pointer
        .and_then(|pointer| schema.pointer(pointer))
        .unwrap_or(value)
}

/// Returns the schema of a dialect's table: its own settings, those of its back end, `enabled` and `path`.
fn dialect(path: &str, settings: Schema, back_end: &Value) -> Value {
    let mut table = settings.to_value();
    if let Some(keys) = table["properties"].as_object_mut() {
        let back_end = back_end["properties"].as_object().into_iter().flatten();
        keys.extend(back_end.map(|(name, key)| (name.clone(), key.clone())));
        keys.insert(
            "enabled".to_owned(),
            json!({"description": "Whether the dialect has routes.", "type": "boolean", "default": true}),
        );
        keys.insert(
            "path".to_owned(),
            json!({"description": "The path prefix of its routes.", "type": "string", "default": path}),
        );
    }
    table
}

/// Returns the schema of durations.
fn duration() -> Value {
    json!({
        "description": "A duration, such as 90s, 15m, 8h, 30days or 1h 30m.",
        "type": "string",
        "pattern": r"^\s*(0|[0-9]+\s*[a-zA-Z]+(\s*[0-9]+\s*[a-zA-Z]+)*)\s*$",
        "examples": ["500ms", "90s", "15m", "8h", "30days", "1h 30m"],
        MINIMUM: "1ms",
        MAXIMUM: "36500days",
    })
}

/// Returns a duration of two or more whole days in days, otherwise `None`: the library would write months of
/// 30.44 days.
fn whole_days(span: &Value) -> Option<String> {
    let span = parse_duration(span.as_str()?).ok()?.as_secs();
    let days = span / SECONDS_OF_A_DAY;
    (days > 1 && span % SECONDS_OF_A_DAY == 0).then(|| format!("{days}days"))
}

/// Changes a schema from how settings are written to how they are read: none is required, and an unset one is
/// absent rather than null.
fn as_read(schema: &mut Schema) {
    schema.remove("required");
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    if schema.get("$ref").is_some_and(|shape| shape == DURATION)
        && let Some(days) = schema.get("default").and_then(whole_days)
    {
        schema.insert("default".to_owned(), days.into());
    }
    if let Some(Value::Array(kinds)) = schema.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [kind] = kinds.as_slice() {
            let kind = kind.clone();
            schema.insert("type".to_owned(), kind);
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| choice["type"] != "null");
        if let [Value::Object(choice)] = choices.as_slice() {
            let choice = choice.clone();
            schema.remove("anyOf");
            for (key, value) in choice {
                schema.insert(key, value);
            }
        }
    }
    transform_subschemas(&mut as_read.clone(), schema);
}
