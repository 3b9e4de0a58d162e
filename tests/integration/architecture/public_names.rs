//! Names of public types: no crate has two of one name.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::source_tree::{self, repository};

/// Returns the name of the type that a line declares as public at the top level of its file. `None` for other
/// lines.
fn public_type(line: &str) -> Option<&str> {
    let declared = line.strip_prefix("pub ")?;
    let kinds = ["struct ", "enum ", "trait ", "type ", "union "];
    let name = kinds.iter().find_map(|kind| declared.strip_prefix(kind))?;
    let end = name.find(|character: char| !character.is_alphanumeric());
    Some(&name[..end.unwrap_or(name.len())])
}

#[test]
fn no_crate_has_two_public_types_of_one_name() {
    let crates = repository().join("crates");
    let mut count = 0;
    for entry in fs::read_dir(crates).unwrap() {
        let source = entry.unwrap().path().join("src");
        let files = source_tree::files(&source, "rs");
        let mut declared: BTreeMap<String, Vec<&PathBuf>> = BTreeMap::new();
        for file in &files {
            let text = fs::read_to_string(file).unwrap();
            for name in text.lines().filter_map(public_type) {
                declared.entry(name.to_owned()).or_default().push(file);
                count += 1;
            }
        }
        declared.retain(|_, files| files.len() > 1);
        assert!(declared.is_empty(), "{declared:#?}");
    }
    assert!(count > 100, "the search finds only {count} types");
}
