//! A schema of the OpenAPI documents has a name of its own: of two with one name, the document has only one.

use std::collections::BTreeMap;
use std::fs;

use crate::source_tree::{self, repository};

/// Returns the word after `start` in the text.
fn word_after<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    rest.split(|letter: char| !letter.is_ascii_alphanumeric())
        .next()
}

#[test]
fn no_two_schemas_of_the_gateway_have_one_name() {
    let mut places = BTreeMap::<String, Vec<String>>::new();
    for file in source_tree::files(&repository().join("crates/gateway/src"), "rs") {
        let source = fs::read_to_string(&file).unwrap();
        for item in source.split("ToSchema)]\n").skip(1) {
            let head = item.split('{').next().unwrap_or_default();
            let name = word_after(head, "#[schema(as = ")
                .or_else(|| word_after(head, "struct "))
                .or_else(|| word_after(head, "enum "));
            let places = places.entry(name.unwrap_or(head).to_owned()).or_default();
            places.push(file.display().to_string());
        }
    }
    assert!(places.len() > 40, "only {} schemas", places.len());
    places.retain(|_, places| places.len() > 1);
    assert!(places.is_empty(), "{places:#?}");
}
