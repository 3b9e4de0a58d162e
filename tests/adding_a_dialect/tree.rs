//! Files below a folder, and a folder with exactly these files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The parts of the repository that a build reads.
const PARTS: [&str; 8] = [
    "Cargo.lock",
    "Cargo.toml",
    "Makefile",
    "README.md",
    "config",
    "crates",
    "docs",
    "tests",
];

/// Files by their paths below a folder.
#[derive(Default)]
pub(crate) struct Tree(BTreeMap<PathBuf, Vec<u8>>);

impl Tree {
    /// Reads the parts of the repository in `folder` that a build needs. Parts that do not exist are skipped.
    pub(crate) fn read(folder: &Path) -> Self {
        let mut tree = Self::default();
        for part in PARTS.map(|part| folder.join(part)) {
            tree.add(folder, &part);
        }
        tree
    }

    fn add(&mut self, folder: &Path, path: &Path) {
        if path.is_dir() {
            for entry in fs::read_dir(path).unwrap() {
                self.add(folder, &entry.unwrap().path());
            }
        } else if path.exists() {
            let name = path.strip_prefix(folder).unwrap().to_owned();
            self.0.insert(name, fs::read(path).unwrap());
        }
    }

    /// Adds files, which replace those with the same paths.
    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Changes the text of a file. Panics if there is no such file.
    pub(crate) fn edit(&mut self, path: &str, change: impl FnOnce(&str) -> String) {
        let file = self.0.get_mut(Path::new(path));
        let file = file.unwrap_or_else(|| panic!("no file {path}"));
        *file = change(str::from_utf8(file).unwrap()).into_bytes();
    }

    /// Makes the folder contain exactly these files. Files that are already right are not written, because cargo
    /// compares timestamps.
    pub(crate) fn write(&self, folder: &Path) {
        let there = Self::read(folder);
        for gone in there.0.keys().filter(|path| !self.0.contains_key(*path)) {
            fs::remove_file(folder.join(gone)).unwrap();
        }
        for (path, bytes) in &self.0 {
            if there.0.get(path) != Some(bytes) {
                let file = folder.join(path);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, bytes).unwrap();
            }
        }
    }

    /// Returns the paths of the files.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.keys().map(PathBuf::as_path)
    }

    /// Returns the paths of files that are missing in one tree or differ. A path may be returned twice.
    pub(crate) fn differences<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a Path> {
        let all = self.paths().chain(other.paths());
        all.filter(|path| self.0.get(*path) != other.0.get(*path))
    }
}
