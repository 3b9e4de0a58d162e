//! `isogloss config schema` and `reference`: every key with its effective default.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::config::error_location::Place;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn said(command: &str) -> String {
    let said = Place::new().run(&["config", command], &[]);
    assert_eq!((said.exit, said.err.as_str()), (Some(0), ""));
    said.out
}

fn schema() -> Value {
    serde_json::from_str(&said("schema")).unwrap()
}

/// Returns the target of a reference, or the value itself.
fn resolved<'s>(schema: &'s Value, value: &'s Value) -> &'s Value {
    match value["$ref"].as_str() {
        Some(target) => schema.pointer(target.strip_prefix('#').unwrap()).unwrap(),
        None => value,
    }
}

#[test]
fn the_page_of_all_keys_is_what_the_code_says() {
    let page = fs::read_to_string(repository().join("docs/configuration.md")).unwrap();
    assert!(page == said("reference"), "run `make reference`");
}

/// Checks each value against the schema of its key, and returns the number of values.
fn compare(schema: &Value, table: &Value, values: &Map<String, Value>, at: &str) -> usize {
    let keys = resolved(schema, table)["properties"].as_object().unwrap();
    let mut count = 0;
    for (name, value) in values {
        let at = format!("{at}.{name}");
        let key = keys.get(name).unwrap_or_else(|| panic!("no {at}"));
        let shape = resolved(schema, key);
        assert!(
            key["description"].is_string() || shape["description"].is_string(),
            "{at}"
        );
        if let Value::Object(inner) = value
            && shape["properties"].is_object()
        {
            count += compare(schema, shape, inner, &at);
            continue;
        }
        let default = key
            .get("default")
            .unwrap_or_else(|| panic!("{at} has no default"));
        if shape["examples"].is_array() {
            // The same duration may be written in several ways.
            assert!(default.is_string(), "{at}");
        } else {
            assert_eq!(default, value, "{at}");
        }
        let kind = match value {
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            // A table whose names are free.
            Value::Object(_) => "object",
            Value::Null => unreachable!("{at}"),
        };
        let word = shape.get("oneOf").is_some() && value.is_string();
        assert!(shape["type"] == kind || word, "{at} is {shape}, not {kind}");
        count += 1;
    }
    count
}

#[test]
fn the_schema_has_every_key_with_its_default() {
    let schema = schema();
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    let file = repository()
        .join("config/isogloss.toml")
        .display()
        .to_string();
    // Default paths are shown relative to the folder of the file.
    let shown = Place::new().run(&["config", "show", "--json", "--config", &file], &[]);
    let folder = format!("{}/", repository().join("config").display());
    let shown: Value = serde_json::from_str(&shown.out.replace(&folder, "")).unwrap();
    let count = compare(&schema, &schema, shown.as_object().unwrap(), "");
    assert!(count > 90, "{count}");
}

#[test]
fn the_schema_knows_what_an_unknown_key_and_a_wrong_word_are() {
    let schema = schema();
    let server = resolved(&schema, &schema["properties"]["server"]);
    for table in [&schema, server, &schema["properties"]["dialects"]] {
        assert_eq!(table["additionalProperties"], false);
    }
    let bimplus = &schema["properties"]["dialects"]["properties"]["bimplus"];
    assert_eq!(bimplus["additionalProperties"], false);
    assert_eq!(bimplus["properties"]["path"]["default"], "/v2");
    let format = &resolved(&schema, &schema["properties"]["logging"])["properties"]["format"];
    let words = resolved(&schema, format)["oneOf"].as_array().unwrap();
    let words: Vec<_> = words
        .iter()
        .map(|word| word["const"].as_str().unwrap())
        .collect();
    assert_eq!(words, ["text", "json"]);
    // No key is required, and no secret has a value to copy.
    assert!(!schema.to_string().contains("\"required\":["));
    let pepper = &resolved(&schema, &schema["properties"]["tokens"])["properties"]["pepper"];
    assert_eq!(
        (&pepper["type"], &pepper["default"]),
        (&"string".into(), &Value::Null)
    );
}

#[test]
fn every_command_of_config_has_examples() {
    for command in ["check", "show", "schema", "reference"] {
        let said = Place::new().run(&["config", command, "--help"], &[]);
        assert_eq!(said.exit, Some(0));
        assert!(
            said.out.contains(&format!("isogloss config {command}")),
            "{}",
            said.out
        );
        assert!(said.out.contains("Examples:"), "{}", said.out);
    }
}
