//! A SQLite file that a user may read but not write.

use std::ffi::{OsStr, OsString};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use isogloss_testkit::{Builder, Gateway};
use serde_json::Value;
use tempfile::TempDir;

/// A user without any rights of its own.
const STRANGER: u32 = 65_534;

const READING: [&[&str]; 3] = [
    &["user", "list"],
    &["directory", "export"],
    &["directory", "migrate", "--dry-run"],
];

/// A directory that root's gateway has made and every user may read.
struct Readable {
    folder: TempDir,
    builder: Builder,
    gateway: Gateway,
}

impl Readable {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let kept = folder.path().join("kept");
        fs::create_dir(&kept).unwrap();
        allow(folder.path(), 0o755);
        allow(&kept, 0o755);
        let file = kept.join("directory.db");
        fs::write(&file, "").unwrap();
        allow(&file, 0o644);
        let builder = Gateway::builder(crate::PROGRAM)
            .folder(folder.path())
            .directory(format!("sqlite:{}", file.display()))
            .env("ISOGLOSS__TOKENS__PEPPER", "a pepper that anyone may know");
        let gateway = builder.clone().start().unwrap();
        gateway.wait_until_ready().unwrap();
        Self {
            folder,
            builder,
            gateway,
        }
    }

    fn kept(&self) -> PathBuf {
        self.folder.path().join("kept")
    }

    /// Runs a command as the stranger, and returns its exit code, standard output and standard error.
    fn run(&self, words: &[&str]) -> (Option<i32>, String, String) {
        let served = self.builder.command(self.folder.path()).unwrap();
        give_all_but_the_directory(self.folder.path());
        let mut command = Command::new(self.in_reach(served.get_program()));
        command.current_dir(self.folder.path()).args(words);
        command.args(served.get_args().skip(1).map(|word| self.in_reach(word)));
        let set = served.get_envs();
        command.envs(set.filter_map(|(key, value)| Some((key, self.in_reach(value?)))));
        let output = command.uid(STRANGER).gid(STRANGER).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    /// Copies a file to a folder that the stranger may enter, and returns its path. Other words are returned
    /// unchanged.
    fn in_reach(&self, word: &OsStr) -> OsString {
        let (file, folder) = (Path::new(word), self.folder.path());
        if file.starts_with(folder) || !file.is_absolute() || !file.is_file() {
            return word.to_owned();
        }
        let reach = folder.join("reach");
        fs::create_dir_all(&reach).unwrap();
        let copy = reach.join(file.file_name().unwrap());
        if !copy.exists() {
            // In a process of its own: a program that this process has open to write cannot be started.
            let copied = Command::new("cp")
                .args([file, copy.as_path()])
                .status()
                .unwrap();
            assert!(copied.success());
        }
        copy.into_os_string()
    }

    #[track_caller]
    fn assert_refused(&self, words: &[&str], reason: &str) {
        let (code, out, err) = self.run(words);
        assert!(
            matches!(code, Some(1 | 2)),
            "{words:?}: {code:?} {out} {err}"
        );
        assert!(
            format!("{out}{err}").contains(reason),
            "{words:?}: {out} {err}"
        );
    }

    #[track_caller]
    fn assert_read(&self) {
        for words in READING {
            let (code, out, err) = self.run(words);
            assert_eq!((code, err.as_str()), (Some(0), ""), "{words:?}: {out}");
        }
    }
}

/// Gives the stranger everything else that a gateway stores.
fn give_all_but_the_directory(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("kept") {
            continue;
        }
        if path.is_dir() {
            give_all_but_the_directory(&path);
        }
        chown(&path, Some(STRANGER), Some(STRANGER)).unwrap();
    }
}

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_folder_that_may_not_be_written_to_is_named_with_the_missing_right() {
    let mut readable = Readable::start();
    readable.gateway.terminate().unwrap();
    let folder = readable.kept();
    let reason = format!(
        "the user with the ID {STRANGER} may not write to the folder {} (Permission denied (os error 13)), \
         where SQLite makes directory.db-wal and directory.db-shm, to read as well, unless another process \
         has the file open: grant that right, or run this as the file's owner, the user with the ID 0",
        folder.display()
    );
    for words in READING {
        readable.assert_refused(words, &reason);
    }
    readable.assert_refused(&["serve"], &reason);
    let (_, out, _) = readable.run(&["doctor", "--json"]);
    let findings: Value = serde_json::from_str(&out).unwrap();
    let finding = findings.as_array().unwrap().iter();
    let finding = finding.clone().find(|one| one["check"] == "directory");
    let finding = finding.unwrap();
    assert!(
        finding["text"].as_str().unwrap().contains(&reason),
        "{finding}"
    );
    let hint = finding["hint"].as_str().unwrap();
    assert!(
        hint.contains("read and write the file and its folder"),
        "{hint}"
    );

    // With the right to write to the folder, the file itself need not be writable.
    allow(&folder, 0o777);
    readable.assert_read();
}

#[test]
fn a_file_that_another_process_has_open_can_be_read_in_a_folder_that_may_not_be_written_to() {
    let readable = Readable::start();
    readable.assert_read();
    let log = readable.kept().join("directory.db-wal");
    allow(&log, 0o600);
    let reason = format!(
        "the user with the ID {STRANGER} may not read the file {} (Permission denied (os error 13)): grant \
         that right, or run this as the file's owner, the user with the ID 0",
        log.display()
    );
    for words in READING {
        readable.assert_refused(words, &reason);
    }
}
