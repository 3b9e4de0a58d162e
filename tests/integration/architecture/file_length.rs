//! A file has one topic, and at most 300 lines.

use std::fs;
use std::path::{Path, PathBuf};

const MAX_LINES: usize = 300;

/// Adds the Rust files below the folder, without those that were built.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn no_file_is_longer_than_three_hundred_lines() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    collect(&repository.join("crates"), &mut files);
    collect(&repository.join("tests"), &mut files);
    assert!(files.len() > 500, "only {} files", files.len());
    let lines = |file: &PathBuf| fs::read_to_string(file).unwrap().lines().count();
    let long: Vec<_> = files
        .iter()
        .filter(|file| lines(file) > MAX_LINES)
        .collect();
    assert!(long.is_empty(), "{long:?}");
}
