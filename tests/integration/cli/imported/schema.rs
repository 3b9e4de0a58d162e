//! The JSON Schema and the reference page of directory files.

use std::path::Path;

use super::*;

/// Returns the names of all members that objects of the schema can have.
fn described(schema: &Value, names: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Object(properties)) = members.get("properties") {
                names.extend(properties.keys().cloned());
            }
            members.values().for_each(|value| described(value, names));
        }
        Value::Array(items) => items.iter().for_each(|item| described(item, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn used(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                names.push(name.clone());
                // Values of attributes, by their names, which are those of a user.
                used(value, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| used(item, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_published_schema_is_that_of_the_reader_and_describes_every_export() {
    let (folder, shell) = Shell::with_demo();
    let schema = shell.run(&["directory", "schema"]).done();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let published = docs.join("directory-file.schema.json");
    if std::env::var_os("ISOGLOSS_BLESS").is_some() {
        fs::write(&published, &schema).unwrap();
    }
    assert_eq!(
        fs::read_to_string(&published).unwrap(),
        schema,
        "ISOGLOSS_BLESS=1 writes it"
    );
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let mut names = Vec::new();
    described(&schema, &mut names);
    let mut exported = Vec::new();
    used(
        &shell.run(&["directory", "export", "--json"]).json(),
        &mut exported,
    );
    for name in exported {
        assert!(names.contains(&name), "{name} is not in the schema");
    }
    let page = fs::read_to_string(docs.join("directory-file-reference.md")).unwrap();
    for name in &names {
        assert!(
            page.contains(&format!("| `{name}` |")),
            "{name} is not on the reference page"
        );
    }
    // The reader accepts what the schema describes, and nothing else.
    let user = &schema["$defs"]["NewUser"];
    assert_eq!(user["additionalProperties"], false);
    for name in user["properties"].as_object().unwrap().keys() {
        let text = json!({"users": [{"user_name": "kim", name: {}}]}).to_string();
        let file = folder.path().join("one.json");
        fs::write(&file, text).unwrap();
        let refused = shell
            .run(&["directory", "import", file.to_str().unwrap()])
            .err;
        assert!(!refused.contains("unknown field"), "{name}: {refused}");
    }
}
