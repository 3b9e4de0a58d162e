//! Files below a folder, and a folder with exactly these files.

use std::collections::BTreeMap;
use std::fs;
use std::io::Result;
use std::path::{Path, PathBuf};

use crate::compiled::copy_timestamp;

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

    /// Writes these files into a new folder. A file that `original` has as well keeps its timestamp, so that cargo
    /// does not compile it again, unless the compiled code would hold the path of `original`. Fails if a file cannot
    /// be written.
    pub(crate) fn write(&self, folder: &Path, original: &Path) -> Result<()> {
        for (path, bytes) in &self.0 {
            let (file, original) = (folder.join(path), original.join(path));
            fs::create_dir_all(file.parent().unwrap())?;
            fs::write(&file, bytes)?;
            let same = fs::read(&original).is_ok_and(|original| original == *bytes);
            if same && !names_its_folder(bytes) {
                copy_timestamp(&original, &file)?;
            }
        }
        Ok(())
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

/// Returns true if code other than a unit test holds the path of its package.
fn names_its_folder(bytes: &[u8]) -> bool {
    let text = str::from_utf8(bytes).unwrap_or_default();
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.contains("CARGO_MANIFEST_DIR")
}
