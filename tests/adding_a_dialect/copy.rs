//! A copy of this repository to which the guide was applied.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::{env, iter};

use isogloss_testkit::{Error, Result};

use crate::tree::Tree;
use crate::{compiled, guide};

pub(crate) struct Copy {
    /// Path of the copy.
    pub(crate) folder: PathBuf,
    /// Target folder of its builds.
    build: PathBuf,
    /// Makes other processes that run this test wait for this one.
    _lock: File,
}

/// Returns the copy, made and built once for all tests. What it has in common with this repository is compiled already.
pub(crate) fn copy() -> &'static Copy {
    static COPY: LazyLock<Result<Copy>> = LazyLock::new(Copy::make);
    COPY.as_ref().unwrap()
}

/// Returns the path of this repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Returns the files of the new dialect, by the paths that they will have.
pub(crate) fn toy() -> Tree {
    Tree::read(&repository().join("tests/toy-dialect"))
}

impl Copy {
    fn make() -> Result<Self> {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("adding-a-dialect");
        fs::create_dir_all(&home)?;
        let lock = File::create(home.join("lock"))?;
        lock.lock()?;
        let (folder, build) = (home.join("repository"), home.join("target"));
        for old in [&folder, &build] {
            if old.exists() {
                fs::remove_dir_all(old)?;
            }
        }

        let mut tree = Tree::read(repository());
        tree.extend(toy());
        for edit in guide::edits() {
            tree.edit(edit.path, |text| edit.apply(text));
        }
        tree.write(&folder, repository())?;
        let ours = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        compiled::copy_compiled(&ours.join("debug"), &build.join("debug"))?;
        let copy = Self {
            folder,
            build,
            _lock: lock,
        };
        let said = copy.run(guide::commands()[0])?;
        if said.contains("warning") {
            return Err(Error::new(said));
        }
        Ok(copy)
    }

    /// Returns the path of the gateway with the new dialect.
    pub(crate) fn program(&self) -> PathBuf {
        self.build.join("debug/isogloss")
    }

    /// Runs a line of the guide in the copy and returns its output. Fails unless the command succeeds.
    pub(crate) fn run(&self, line: &str) -> Result<String> {
        let output = self.shell(line).output()?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        if output.status.success() {
            Ok(said)
        } else {
            Err(Error::new(format!("{line}\n{said}")))
        }
    }

    /// Returns a command in the copy, with a target folder of its own.
    fn shell(&self, line: &str) -> Command {
        let cargo = Path::new(env!("CARGO")).parent().unwrap();
        let path = env::var_os("PATH").unwrap_or_default();
        let path = iter::once(cargo.to_owned()).chain(env::split_paths(&path));
        let mut command = Command::new("sh");
        command
            .args(["-c", line])
            .current_dir(&self.folder)
            .env("PATH", env::join_paths(path).unwrap())
            .env("CARGO_NET_OFFLINE", "true")
            // Here, random requests show that the new dialect is among those that get them.
            .env("PROPTEST_CASES", "20")
            .env("CARGO_TARGET_DIR", &self.build);
        // Cargo sets variables about the package of a running test. Build scripts would rerun if they changed.
        for (key, _) in env::vars_os() {
            let name = key.to_string_lossy();
            let ours = ["CARGO_PKG_", "CARGO_MANIFEST_", "ISOGLOSS_"];
            if ours.iter().any(|prefix| name.starts_with(prefix)) {
                command.env_remove(key);
            }
        }
        command
    }
}
