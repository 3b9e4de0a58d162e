//! Every key of the schema is fed texts and numbers that are wrong, empty or extreme: each is refused by a
//! message that names the key, or a gateway starts with it. `every_key.txt` has a row for each key, and the
//! `testing.toml` of each dialect one for each of its settings.

mod setting_names;
mod tables;

use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use ::config::{Map, Value, ValueKind};
use actix_web::rt::System;
use tempfile::TempDir;

use self::setting_names::{described, paths, row_name};
use self::tables::{base, put};
use crate::access_log::AccessLog;
use crate::bootstrap::{audit, components, mailer, secrets};
use crate::config::schema::{DURATION, MAXIMUM, MINIMUM, resolved};
use crate::config::*;
use crate::dialects;

/// What each key takes, one row a key.
const ROWS: &str = include_str!("every_key.txt");

/// Returns the rows of the settings of each dialect.
fn dialect_rows() -> Vec<String> {
    let mut rows = Vec::new();
    for name in dialects::names() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let file = Path::new(file).join(name).join("testing.toml");
        let table: toml::Table = fs::read_to_string(&file).unwrap().parse().unwrap();
        for (key, values) in table["settings"].as_table().unwrap() {
            let row = format!("dialects.{name}.{key} = {}", values.as_str().unwrap());
            rows.push(row.trim_end().to_owned());
        }
    }
    rows
}

/// Returns texts and numbers that operators may set by mistake.
fn values() -> Vec<(&'static str, ValueKind)> {
    let text = |text: &str| ValueKind::String(text.to_owned());
    let list = |item| ValueKind::Array(vec![Value::new(None, item)]);
    vec![
        ("''", text("")),
        ("' LF'", text(" \n")),
        ("'wrong word'", text("wrong word")),
        ("'httpfoo:bar'", text("httpfoo:bar")),
        ("'BOM'", text("\u{feff}")),
        ("'BOM+info'", text("\u{feff}info")),
        ("'0'", text("0")),
        ("'0s'", text("0s")),
        ("'99999999years'", text("99999999years")),
        (
            "'99999999999999999999years'",
            text("99999999999999999999years"),
        ),
        ("0", ValueKind::I64(0)),
        ("-1", ValueKind::I64(-1)),
        ("i64::MAX", ValueKind::I64(i64::MAX)),
        ("i128::MAX", ValueKind::I128(i128::MAX)),
        ("2.7", ValueKind::Float(2.7)),
        ("nan", ValueKind::Float(f64::NAN)),
        ("true", ValueKind::Boolean(true)),
        ("[]", ValueKind::Array(Vec::new())),
        ("['']", list(text(""))),
        ("['wrong word']", list(text("wrong word"))),
        ("['httpfoo:bar']", list(text("httpfoo:bar"))),
        ("['BOM']", list(text("\u{feff}"))),
        ("[0]", list(ValueKind::I64(0))),
        ("{}", ValueKind::Table(Map::new())),
        ("[{}]", list(ValueKind::Table(Map::new()))),
    ]
}

/// Returns the configuration of a file that sets only `path` to the value. Fails if it is invalid.
fn read(path: &str, kind: ValueKind, folder: &Path) -> Result<Config, ConfigError> {
    let mut tables = base();
    // The value of a key goes before its file, and would hide it.
    if let Some((section, name)) = path
        .strip_suffix("_file")
        .and_then(|value| value.split_once('.'))
        && let Some(Value {
            kind: ValueKind::Table(table),
            ..
        }) = tables.get_mut(section)
    {
        table.remove(name);
    }
    put(&mut tables, path, kind);
    let mut merged = Merged::new(folder.to_owned());
    merged.add("a.toml", tables, folder)?;
    Config::check(merged.tables, folder)
}

/// Opens every component like `serve`, except sockets and clients of servers. Fails if one cannot be opened.
fn build(config: &Config) -> anyhow::Result<()> {
    System::new().block_on(async {
        let sections = &config.sections;
        let opened = components::open(config).await?;
        drop(audit::open(&sections.audit, &opened.directory)?);
        drop(AccessLog::open(&sections.logging)?);
        mailer::open(&sections.mail)?;
        secrets::jwt_signer(&sections.jwt, sections.introspection.max_age)?;
        drop(opened.into_auth());
        Ok(())
    })
}

/// How a key took a value.
enum Outcome {
    Works,
    /// By a message that names it.
    Refused(String),
}

/// Sets one key to one value, and returns the outcome. Fails with a message if the value was neither refused
/// properly nor usable.
fn trial(key: &str, what: &str, kind: &ValueKind) -> Result<Outcome, String> {
    let once = || trial_once(key, what, kind.clone());
    // A busy disk makes the SQLite file unavailable for a while, whatever the value is.
    let is_unavailable = |outcome: &Result<_, String>| {
        let error = outcome.as_ref().err();
        error.is_some_and(|error| error.contains("pool timed out while waiting"))
    };
    let mut outcome = once();
    for _ in 0..10 {
        if !is_unavailable(&outcome) {
            break;
        }
        outcome = once();
    }
    outcome
}

fn trial_once(key: &str, what: &str, kind: ValueKind) -> Result<Outcome, String> {
    let folder = TempDir::new().unwrap();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let config = match read(key, kind, folder.path()) {
            Err(problem) => {
                let said = problem.to_string();
                let in_place = said.ends_with("(in a.toml)");
                // A certificate is looked at before its key.
                let table = key
                    .split_once(".tls.")
                    .map(|(section, _)| format!("{section}.tls."));
                let list = key.split("[]").next().unwrap_or(key);
                let is_named = said.starts_with(table.as_deref().unwrap_or(list));
                if is_named && in_place {
                    return Ok(Outcome::Refused(said));
                }
                return Err(format!("{key} with {what}: refused as {said}"));
            }
            Ok(config) => config,
        };
        match build(&config) {
            Ok(()) => Ok(Outcome::Works),
            Err(error) => Err(format!("{key} with {what}: is valid, and then: {error:#}")),
        }
    }));
    outcome.unwrap_or_else(|_| Err(format!("{key} with {what}: panics")))
}

/// Returns the row of a key: the values that it accepts. Adds errors to `invalid`.
fn row(path: &str, invalid: &mut Vec<String>) -> String {
    let mut row = format!("{} =", row_name(path));
    for (what, kind) in values() {
        match trial(path, what, &kind) {
            Ok(Outcome::Works) => write!(row, " {what}").unwrap(),
            Ok(Outcome::Refused(_)) => {}
            Err(said) => invalid.push(said),
        }
    }
    row
}

#[test]
fn every_value_of_every_key_is_refused_by_name_or_works() {
    let mut invalid = Vec::new();
    let keys = paths(&schema());
    let found: Vec<_> = keys.iter().map(|path| row(path, &mut invalid)).collect();
    let mut rows = dialect_rows();
    let general = ROWS.lines().filter(|line| !line.starts_with('#'));
    rows.extend(general.map(str::to_owned));
    for row in found.iter().filter(|row| !rows.contains(row)) {
        invalid.push(format!("no such row: {row}"));
    }
    for row in rows.iter().filter(|row| !found.contains(row)) {
        invalid.push(format!("a row that does not hold: {row}"));
    }
    assert!(invalid.is_empty(), "{}", invalid.join("\n"));
}

#[test]
fn the_extremes_of_every_number_and_duration_work_and_what_is_beyond_is_refused() {
    let schema = schema();
    let mut invalid = Vec::new();
    for (path, key) in described(&schema) {
        let shape = resolved(&schema, key);
        let bound = |name: &str| key.get(name).or_else(|| shape.get(name));
        let (least, most) = if shape["type"] == "integer" || shape["type"] == "number" {
            (bound("minimum"), bound("maximum"))
        } else if key["$ref"] == DURATION {
            (bound(MINIMUM), bound(MAXIMUM))
        } else {
            continue;
        };
        let (Some(least), Some(most)) = (least, most) else {
            invalid.push(format!("{path} has no bounds"));
            continue;
        };
        for bound in [least, most] {
            let kind = if let Some(text) = bound.as_str() {
                ValueKind::String(text.to_owned())
            } else if shape["type"] == "integer" {
                ValueKind::I64(bound.as_i64().unwrap())
            } else {
                ValueKind::Float(bound.as_f64().unwrap())
            };
            let said = match trial(&path, &bound.to_string(), &kind) {
                Ok(Outcome::Works) => continue,
                Ok(Outcome::Refused(said)) | Err(said) => said,
            };
            // A key that is held to another one, too.
            if !said.contains("expected at least twice jwt.lifetime") {
                invalid.push(format!("{path} with {bound}: {said}"));
            }
        }
    }
    assert!(invalid.is_empty(), "{}", invalid.join("\n"));
}
