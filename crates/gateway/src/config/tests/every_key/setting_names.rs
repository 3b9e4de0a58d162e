//! The keys of the schema, and the rows that stand for them.

use serde_json::Value;

use crate::config::BACK_END_KEYS;
use crate::config::schema::{keys, resolved};
use crate::dialects;

/// Returns every key, and `list[].name` for keys of tables in lists.
pub(super) fn paths(schema: &Value) -> Vec<String> {
    described(schema)
        .into_iter()
        .map(|(path, _)| path)
        .collect()
}

/// Returns every key as [`paths`] does, with its schema.
pub(super) fn described(schema: &Value) -> Vec<(String, &Value)> {
    let mut all = Vec::new();
    for (path, key) in keys(schema) {
        add_items(&mut all, schema, &path, key);
        all.push((path, key));
    }
    all.retain(|(path, _)| !is_repeated(path));
    all
}

/// Adds the keys of the tables in a list, and those of tables and lists in them.
fn add_items<'s>(
    all: &mut Vec<(String, &'s Value)>,
    schema: &'s Value,
    list: &str,
    key: &'s Value,
) {
    let item = resolved(schema, &resolved(schema, key)["items"]);
    add_table(all, schema, &format!("{list}[]"), item);
}

fn add_table<'s>(
    all: &mut Vec<(String, &'s Value)>,
    schema: &'s Value,
    path: &str,
    table: &'s Value,
) {
    for (name, key) in table["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        let shape = resolved(schema, key);
        if shape.get("properties").is_some() {
            add_table(all, schema, &path, shape);
        } else {
            add_items(all, schema, &path, key);
            all.push((path, key));
        }
    }
}

/// Returns the name of a key's row; settings that every dialect has share one row.
pub(super) fn row_name(path: &str) -> String {
    let parts: Vec<_> = path.splitn(3, '.').collect();
    match parts[..] {
        ["sunset", _, rest] => format!("sunset.*.{rest}"),
        ["dialects", _, rest] if is_shared(rest) => format!("dialects.*.{rest}"),
        _ => path.to_owned(),
    }
}

/// Returns whether every dialect has that setting.
fn is_shared(name: &str) -> bool {
    let table = name.split('.').next().unwrap_or(name);
    matches!(name, "enabled" | "path") || BACK_END_KEYS.contains(&table)
}

/// Returns whether the key is one of a dialect's back end, and not the first dialect's: all are read in the same way.
pub(super) fn is_repeated(path: &str) -> bool {
    let first = dialects::names()[0];
    let mut parts = path.splitn(3, '.');
    let table = (parts.next(), parts.next(), parts.next());
    let (Some("dialects"), Some(dialect), Some(name)) = table else {
        return false;
    };
    dialect != first && is_shared(name) && !matches!(name, "enabled" | "path")
}
