//! A file has one topic, and at most 300 lines.

use std::fs;
use std::path::PathBuf;

use crate::source_tree::{self, repository};

const MAX_LINES: usize = 300;

#[test]
fn no_file_is_longer_than_three_hundred_lines() {
    let mut files = source_tree::files(&repository().join("crates"), "rs");
    files.extend(source_tree::files(&repository().join("tests"), "rs"));
    assert!(files.len() > 500, "only {} files", files.len());
    let lines = |file: &PathBuf| fs::read_to_string(file).unwrap().lines().count();
    let long: Vec<_> = files
        .iter()
        .filter(|file| lines(file) > MAX_LINES)
        .collect();
    assert!(long.is_empty(), "{long:?}");
}
