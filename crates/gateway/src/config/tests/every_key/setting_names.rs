//! The keys of the schema, and the rows that stand for them.

use crate::config::BACK_END_KEYS;
use crate::config::schema::{keys, resolved};
use crate::dialects;

/// Returns every key, and `list[].name` for keys of tables in lists.
pub(super) fn paths(schema: &serde_json::Value) -> Vec<String> {
    let mut paths = Vec::new();
    for (path, key) in keys(schema) {
        let items = resolved(schema, &resolved(schema, key)["items"]);
        let names = items["properties"].as_object().into_iter().flatten();
        paths.extend(names.map(|(name, _)| format!("{path}[].{name}")));
        paths.push(path);
    }
    paths.retain(|path| !is_repeated(path));
    paths
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
