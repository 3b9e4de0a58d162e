//! Settings of tables in an array, such as `[[authorities]]`, which only files can set.

use std::fmt::Write as _;

use serde_json::Value;

use super::{bounds, keys, kind, meanings, text};
use crate::config::schema::resolved;

const HEAD: &str = "| key | type | default | description |\n| --- | --- | --- | --- |\n";

/// Writes a section for the tables of an array, and one for each table within them.
pub(super) fn write_tables(
    page: &mut String,
    schema: &Value,
    name: &str,
    section: &Value,
    item: &Value,
) {
    let what = text(section).unwrap_or_default();
    let more = text(item).unwrap_or_default();
    // Writing to a string does not fail.
    let _ = write!(page, "\n## `[[{name}]]`\n\n{what} {more}\n\n{HEAD}");
    let is_table = |key: &Value| resolved(schema, key).get("properties").is_some();
    for (key_name, key) in keys(schema, item).filter(|(_, key)| !is_table(key)) {
        write_row(page, schema, key_name, key);
    }
    for (key_name, key) in keys(schema, item).filter(|(_, key)| is_table(key)) {
        let table = resolved(schema, key);
        let what = text(key).unwrap_or_default();
        let more = text(table).filter(|more| *more != what).unwrap_or_default();
        let _ = write!(
            page,
            "\n### `[{name}.{key_name}]`\n\n{what} {more}\n\n{HEAD}"
        );
        write_rows(page, schema, "", table);
    }
}

/// Writes a row for each key of a table, and for each key of the tables in it.
fn write_rows(page: &mut String, schema: &Value, within: &str, table: &Value) {
    for (name, key) in keys(schema, table) {
        let name = format!("{within}{name}");
        let shape = resolved(schema, key);
        if shape.get("properties").is_some() {
            write_rows(page, schema, &format!("{name}."), shape);
            continue;
        }
        write_row(page, schema, &name, key);
        let item = resolved(schema, &shape["items"]);
        if item.get("properties").is_some() {
            write_rows(page, schema, &format!("{name}[]."), item);
        }
    }
}

fn write_row(page: &mut String, schema: &Value, name: &str, key: &Value) {
    let shape = resolved(schema, key);
    let default = match key.get("default").or_else(|| shape.get("default")) {
        Some(default) => format!("`{default}`"),
        None => "none".to_owned(),
    };
    let what = text(key).or_else(|| text(shape)).unwrap_or_default();
    let what = format!("{what}{}", meanings(shape)).replace('|', "\\|");
    let (kind, bounds) = (kind(schema, key, shape), bounds(key, shape));
    let _ = writeln!(page, "| `{name}` | {kind}{bounds} | {default} | {what} |");
}
