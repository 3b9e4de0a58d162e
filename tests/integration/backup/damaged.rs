//! Backups that cannot be restored, because they are damaged or of another format.

use std::fs;
use std::path::Path;

use isogloss_testkit::Store;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::refused::backup;
use crate::backup::site::Site;

#[test]
fn a_damaged_backup_is_refused_and_nothing_is_written() {
    let room = TempDir::new().unwrap();
    let folder = backup(&Site::new(Store::Embedded, None), &room);
    let target = Site::new(Store::Embedded, None);
    let names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert!(names.len() >= 5, "{names:?}");
    for file in names {
        let whole = fs::read(&file).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        let mut changed = whole.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        for damaged in [&changed[..], &whole[..whole.len() - 1], &[]] {
            fs::write(&file, damaged).unwrap();
            // One changed byte of the manifest may be in a part without a meaning.
            if name == "manifest.json" && damaged.len() == whole.len() {
                continue;
            }
            let said = target.alone(&["restore", &folder]).refused();
            assert!(said.contains("damaged"), "{name}: {said}");
        }
        fs::remove_file(&file).unwrap();
        let said = target.alone(&["restore", &folder]).refused();
        let expected = if name == "manifest.json" {
            "is not a backup"
        } else {
            "is missing"
        };
        assert!(said.contains(expected), "{name}: {said}");
        fs::write(&file, whole).unwrap();
    }
    for file in ["directory.db", "tokens.redb", "pepper"] {
        assert!(!target.folder.path().join(file).exists(), "{file}");
    }
    target.alone(&["restore", &folder]).done();
}

#[test]
fn a_backup_of_another_format_or_of_later_tables_is_refused() {
    let room = TempDir::new().unwrap();
    let folder = backup(&Site::new(Store::Embedded, None), &room);
    let manifest = Path::new(&folder).join("manifest.json");
    let whole: Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    let target = Site::new(Store::Embedded, None);
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut changed = whole.clone();
        change(&mut changed);
        fs::write(&manifest, changed.to_string()).unwrap();
        target.alone(&["restore", &folder]).refused()
    };
    let said = refused(&|manifest| manifest["format"] = 2.into());
    assert!(
        said.contains("has the format 2, and this program reads 1"),
        "{said}"
    );
    let said = refused(&|manifest| manifest["directory"]["version"] = 99.into());
    assert!(
        said.contains("the tables of the backup are of version 99"),
        "{said}"
    );
    let said = refused(&|manifest| manifest["directory"]["database"] = "postgres".into());
    assert!(
        said.contains("directory.url is a different kind of database"),
        "{said}"
    );
}

#[test]
fn a_file_that_the_manifest_does_not_list_is_refused() {
    let room = TempDir::new().unwrap();
    let folder = backup(&Site::new(Store::Embedded, None), &room);
    let manifest = Path::new(&folder).join("manifest.json");
    let whole: Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    let target = Site::new(Store::Embedded, None);
    for file in ["directory.db", "tokens", "pepper", "audit.jsonl"] {
        let mut changed = whole.clone();
        changed["files"]
            .as_object_mut()
            .unwrap()
            .remove(file)
            .unwrap();
        fs::write(&manifest, changed.to_string()).unwrap();
        let said = target.alone(&["restore", &folder]).refused();
        let expected = format!("{folder}/manifest.json is damaged: it does not list {file}");
        assert_eq!(said, expected);
    }
    assert!(!target.folder.path().join("pepper").exists());
}

#[test]
fn a_copy_that_is_no_directory_is_refused_before_secrets_are_written() {
    let room = TempDir::new().unwrap();
    let folder = backup(&Site::new(Store::Embedded, None), &room);
    let manifest = Path::new(&folder).join("manifest.json");
    let mut listed: Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    let target = Site::new(Store::Embedded, None);
    for (text, sha256) in [
        (
            "no database",
            "5824b2d53b09a89daa5ac722a42a9859638869bde03114f428f1efd57ca710c1",
        ),
        (
            "",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
    ] {
        fs::write(Path::new(&folder).join("directory.db"), text).unwrap();
        listed["files"]["directory.db"] = json!({"bytes": text.len(), "sha256": sha256});
        fs::write(&manifest, listed.to_string()).unwrap();
        let said = target.alone(&["restore", &folder]).refused();
        assert!(
            said.starts_with(&format!("{folder} is damaged: ")),
            "{said}"
        );
    }
    for file in ["directory.db", "tokens.redb", "pepper"] {
        assert!(!target.folder.path().join(file).exists(), "{file}");
    }
}
