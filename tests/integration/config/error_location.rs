//! A folder with configuration files in which commands run.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// Exit code and output of a command.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) exit: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    pub(crate) fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    /// Checks that the command failed with exit code 2 and this line, and printed nothing on standard output.
    #[track_caller]
    pub(crate) fn assert_refused(&self, line: &str) {
        assert_eq!(self.err, format!("isogloss: {line}\n"));
        assert_eq!((self.exit, self.out.as_str()), (Some(2), ""));
    }
}

/// A folder with configuration files in which commands run.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), text).unwrap();
    }

    pub(crate) fn run(&self, arguments: &[&str], env: &[(&str, &str)]) -> Said {
        let mut command = Command::new(crate::PROGRAM);
        for (key, _) in std::env::vars_os() {
            if key.to_string_lossy().starts_with("ISOGLOSS__") {
                command.env_remove(key);
            }
        }
        let output = command
            .current_dir(self.path())
            .args(arguments)
            .envs(env.iter().copied())
            .output()
            .unwrap();
        Said {
            exit: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn shown(&self, files: &[&str], env: &[(&str, &str)]) -> Value {
        let mut arguments = vec!["config", "show", "--json"];
        for file in files {
            arguments.extend(["--config", file]);
        }
        let said = self.run(&arguments, env);
        assert_eq!((said.exit, said.err.as_str()), (Some(0), ""));
        serde_json::from_str(&said.out).unwrap()
    }
}

/// Runs `config check` on one file with that text.
pub(crate) fn check(text: &str) -> Said {
    let place = Place::new();
    place.write("a.toml", text);
    place.run(&["config", "check", "--config", "a.toml"], &[])
}

/// Runs `config check` with one variable and without a file.
pub(crate) fn check_env(key: &str, value: &str) -> Said {
    Place::new().run(&["config", "check"], &[(key, value)])
}
