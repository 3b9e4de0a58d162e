//! Reference of all settings as a page, generated from the schema of the settings.

mod tables;

use std::fmt::Write as _;

use serde_json::Value;

use self::tables::write_tables;
use super::BACK_END_KEYS;
use super::environment::{PREFIX, SEPARATOR};
use super::schema::{DURATION, MAXIMUM, MINIMUM, resolved, schema};

const INTRODUCTION: &str = "\
# Configuration

This page lists every setting with its type, default and environment variable. `make reference` generates it
from the code. `config/isogloss.toml` contains the same settings as a file to start from, and
`isogloss config schema` prints a JSON Schema for editors.

Files given with `--config` are read in order; later files override earlier ones. Environment variables
override all files. An unknown key or an invalid value stops the start with one line that names the key, the
file and what was expected; `isogloss config check` finds it beforehand. `isogloss config show` prints the
settings in use. [Reload the configuration](reload-and-shutdown.md#reload-the-configuration) lists the settings
that change on SIGHUP.

Durations are written like `90s`, `15m`, `8h`, `30days` or `1h 30m`. In a file, numbers and booleans have no
quotes; texts and durations have quotes. A value outside the range of its type is refused.

A relative path is relative to the folder of its file; in an environment variable, to the working directory. A
default is relative to the folder of the first `--config` file, or to the working directory if there is none.
This holds for every path, including those within addresses: `embedded:PATH`, `sqlite:PATH`, `folder:PATH`,
`file:PATH`, and `sslrootcert=PATH` of a PostgreSQL address. `isogloss config show` prints the absolute paths.

A secret `x` can be given as `x_file`, the name of a file that contains it. A byte order mark, line ends and
white space around the secret are not part of it, and an empty file is refused. If both `x` and `x_file` are
set, the later file wins, and an environment variable wins over all files. Both in one place are refused.

`[[authorities]]` are tables in an array, whose order counts. The last file that has any of them replaces those of
all files before it. Environment variables cannot set them: give their secrets as files.
";

const BACK_END: &str = "\
The back end of a dialect, which gets the calls for which the dialect has no route: see [One host name for login and the \
rest](whole-host.md). These keys are in the table of each dialect.";

/// Returns the reference of all settings as Markdown.
pub(crate) fn reference() -> String {
    let schema = schema();
    let mut page = INTRODUCTION.to_owned();
    for (name, section) in keys(&schema, &schema) {
        if name == "dialects" {
            for (dialect, table) in keys(&schema, section) {
                let name = format!("dialects.{dialect}");
                let own = with_keys(table, |key| !BACK_END_KEYS.contains(&key));
                write_section(&mut page, &schema, &name, &own, &own);
            }
            if let Some((_, table)) = keys(&schema, section).next() {
                let mut shared = with_keys(table, |key| BACK_END_KEYS.contains(&key));
                shared["description"] = BACK_END.into();
                write_section(&mut page, &schema, "dialects.<dialect>", &shared, &shared);
            }
        } else if let Some(each) = section.get("additionalProperties")
            && each.is_object()
        {
            let name = format!("{name}.<dialect>");
            write_section(&mut page, &schema, &name, section, resolved(&schema, each));
        } else if let Some(item) = item_table(&schema, section) {
            write_tables(&mut page, &schema, name, section, item);
        } else {
            write_section(
                &mut page,
                &schema,
                name,
                section,
                resolved(&schema, section),
            );
        }
    }
    page
}

fn write_section(page: &mut String, schema: &Value, name: &str, section: &Value, table: &Value) {
    let what = text(section).or_else(|| text(table)).unwrap_or_default();
    // Writing to a string does not fail.
    let _ = write!(page, "\n## `{name}`\n\n{what}\n\n");
    page.push_str("| key | type | default | description | environment variable |\n");
    page.push_str("| --- | --- | --- | --- | --- |\n");
    write_keys(page, schema, name, "", table);
}

fn write_keys(page: &mut String, schema: &Value, section: &str, within: &str, table: &Value) {
    for (name, key) in keys(schema, table) {
        let name = format!("{within}{name}");
        let shape = resolved(schema, key);
        if shape.get("properties").is_some() {
            write_keys(page, schema, section, &format!("{name}."), shape);
            continue;
        }
        let default = match key.get("default").or_else(|| shape.get("default")) {
            Some(default) => format!("`{default}`"),
            None => "none".to_owned(),
        };
        let what = text(key).or_else(|| text(shape)).unwrap_or_default();
        let path = format!("{section}.{name}").replace('.', SEPARATOR);
        let mut variable = format!("{PREFIX}{SEPARATOR}{}", path.to_uppercase());
        let mut words = meanings(shape);
        if let Some(each) = each(schema, shape) {
            variable = format!("{variable}{SEPARATOR}<NAME>");
            words = meanings(each);
        }
        let what = format!("{what}{words}").replace('|', "\\|");
        let _ = writeln!(
            page,
            "| `{name}` | {} | {default} | {what} | `{variable}` |",
            format_args!("{}{}", kind(schema, key, shape), bounds(key, shape))
        );
    }
}

/// Returns the schema of a table with only those of its keys.
fn with_keys(table: &Value, is_wanted: impl Fn(&str) -> bool) -> Value {
    let mut table = table.clone();
    if let Some(keys) = table["properties"].as_object_mut() {
        keys.retain(|key, _| is_wanted(key));
    }
    table
}

/// Returns the keys of a table of the schema, and the schema of each.
fn keys<'s>(schema: &'s Value, table: &'s Value) -> impl Iterator<Item = (&'s str, &'s Value)> {
    let keys = resolved(schema, table)["properties"].as_object();
    let keys = keys.into_iter().flatten();
    keys.map(|(name, key)| (name.as_str(), key))
}

/// Returns the schema of the tables in an array, or `None` if the section is no such array.
fn item_table<'s>(schema: &'s Value, section: &'s Value) -> Option<&'s Value> {
    let item = resolved(schema, &section["items"]);
    item.get("properties").is_some().then_some(item)
}

/// Returns the schema of each value of a table whose names are free, or `None` if the shape is no such table.
fn each<'s>(schema: &'s Value, shape: &'s Value) -> Option<&'s Value> {
    let each = shape.get("additionalProperties")?;
    each.is_object().then(|| resolved(schema, each))
}

/// Returns the description in a schema on one line, or `None` if there is none.
fn text(value: &Value) -> Option<String> {
    let text = value["description"].as_str()?;
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Returns the type of a value, in a word.
fn kind(schema: &Value, key: &Value, shape: &Value) -> String {
    if key["$ref"] == DURATION {
        return "duration".to_owned();
    }
    if shape.get("oneOf").is_some() || shape.get("enum").is_some() {
        return "word".to_owned();
    }
    if let Some(each) = each(schema, shape) {
        return format!("table of {}s", kind(schema, each, each));
    }
    match shape["type"].as_str() {
        Some("array") => {
            let item = &shape["items"];
            format!("list of {}s", kind(schema, item, resolved(schema, item)))
        }
        Some("string") => "text".to_owned(),
        Some("object") => "table".to_owned(),
        Some(other) => other.to_owned(),
        None if shape["type"].is_array() => "text or list of texts".to_owned(),
        None => "any".to_owned(),
    }
}

/// Returns the range of a value as the rest of a sentence, or an empty text if it has none.
fn bounds(key: &Value, shape: &Value) -> String {
    let of = |name| key.get(name).or_else(|| shape.get(name));
    let number = of("minimum").zip(of("maximum"));
    match number.or_else(|| of(MINIMUM).zip(of(MAXIMUM))) {
        Some((Value::String(least), Value::String(most))) => format!(", {least} to {most}"),
        Some((least, most)) => format!(", {least} to {most}"),
        None => String::new(),
    }
}

/// Returns a line for each word that a value may be, with its description.
fn meanings(shape: &Value) -> String {
    let words = shape["enum"].as_array().into_iter().flatten();
    let words = words.map(|word| (word.as_str(), None));
    let choices = shape["oneOf"].as_array().into_iter().flatten();
    let explained = choices.flat_map(|choice| {
        let listed = choice["enum"].as_array().into_iter().flatten();
        let word = choice["const"].as_str().into_iter();
        let listed = word.chain(listed.filter_map(Value::as_str));
        listed.map(|word| (Some(word), text(choice)))
    });
    words
        .chain(explained)
        .filter_map(|(word, meaning)| {
            let word = word?;
            Some(match meaning {
                Some(meaning) => format!("<br>`{word}`: {meaning}"),
                None => format!("<br>`{word}`"),
            })
        })
        .collect()
}
