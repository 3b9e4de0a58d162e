//! Directory files: what they say in JSON or TOML, and what an export makes of it.
#![no_main]

use std::path::Path;

use isogloss_core::directory::file::File;
use isogloss_core::fuzzing::directory;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// Stands in a value of the seeds, for a secret that no message may repeat.
const SECRET: &str = "hush-hush";

fuzz_target!(|text: &str| {
    for name in ["directory.json", "directory.toml"] {
        match File::parse(Path::new(name), text) {
            Ok(file) => stays_the_same(file),
            Err(error) => assert!(
                !error.to_string().contains(SECRET) || is_name(text),
                "{error}"
            ),
        }
    }
});

/// What was imported is exported, and imported again.
fn stays_the_same(file: File) {
    let Some(imported) = directory(file) else {
        return;
    };
    let json = serde_json::to_string(&imported).unwrap();
    let toml = toml::to_string(&imported).unwrap();
    for (name, text) in [("again.json", json), ("again.toml", toml)] {
        let again = File::parse(Path::new(name), &text).ok().and_then(directory);
        assert_eq!(again.as_ref(), Some(&imported), "{text}");
    }
}

/// Whether it may stand where a name does, which a message may tell.
fn is_name(text: &str) -> bool {
    fn in_names(value: &Value) -> bool {
        match value {
            Value::Array(items) => items.iter().any(in_names),
            Value::Object(members) => members
                .iter()
                .any(|(name, value)| name.contains(SECRET) || in_names(value)),
            _ => false,
        }
    }
    let json = serde_json::from_str(text).ok();
    let value = json.or_else(|| toml::from_str::<Value>(text).ok());
    value.is_none_or(|value| in_names(&value))
}
