//! Runs commands in a folder, with the settings of a gateway there.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use isogloss_testkit::{Builder, Gateway};
use serde_json::Value;
use tempfile::TempDir;

/// Exit code and output of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) exit: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// Returns the standard output. Panics unless the command succeeded without any message.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!((self.exit, self.err.as_str()), (Some(0), ""), "{self:?}");
        self.out
    }

    #[track_caller]
    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.done()).unwrap()
    }

    /// Returns the error message. Panics unless the command failed with one line and no output.
    #[track_caller]
    pub(crate) fn refused(self) -> String {
        assert_eq!((self.exit, self.out.as_str()), (Some(1), ""), "{self:?}");
        assert_eq!(self.err.lines().count(), 1, "{self:?}");
        let line = self.err.strip_prefix("isogloss: ");
        line.unwrap_or_else(|| panic!("{}", self.err))
            .trim_end()
            .to_owned()
    }
}

/// A folder and settings with which commands run.
pub(crate) struct Shell {
    folder: PathBuf,
    env: Vec<(OsString, OsString)>,
}

impl Shell {
    /// Returns a shell in the folder of the gateway that `builder` starts there.
    pub(crate) fn beside(builder: &Builder, folder: &Path) -> Self {
        let command = builder.command(folder).unwrap();
        let set = command
            .get_envs()
            .filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())));
        Self {
            folder: folder.to_owned(),
            env: set.collect(),
        }
    }

    /// Returns a shell in a folder where no gateway runs.
    pub(crate) fn alone(folder: &Path) -> Self {
        Self::beside(&Gateway::builder(crate::PROGRAM), folder)
    }

    /// Returns a shell in a new folder where no gateway runs, with the demo's directory.
    pub(crate) fn with_demo() -> (TempDir, Self) {
        let folder = TempDir::new().unwrap();
        let shell = Self::alone(folder.path());
        shell.import_demo().done();
        (folder, shell)
    }

    /// Returns a shell in a folder with default settings, without any of a gateway.
    pub(crate) fn bare(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            env: Vec::new(),
        }
    }

    /// Adds an environment variable.
    pub(crate) fn with(mut self, key: &str, value: &str) -> Self {
        self.env.push((key.into(), value.into()));
        self
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(arguments, "")
    }

    /// Runs a command with that standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Said {
        let mut child = self.spawn(arguments);
        // A command that does not read its input may have ended already.
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        let output = child.wait_with_output().unwrap();
        Said {
            exit: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs a command with a standard input that stays empty and open: a command that reads it would not end.
    pub(crate) fn run_unanswered(&self, arguments: &[&str]) -> Said {
        let mut child = self.spawn(arguments);
        let input = child.stdin.take();
        let output = child.wait_with_output().unwrap();
        drop(input);
        Said {
            exit: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs a command with its standard output going to that file.
    pub(crate) fn run_into(&self, arguments: &[&str], file: fs::File) -> Said {
        let output = self.command(arguments).stdout(file).output().unwrap();
        Said {
            exit: output.status.code(),
            out: String::new(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs a command, and sends a reply to the first line of output for which `reply` returns one.
    pub(crate) fn run_replying(
        &self,
        arguments: &[&str],
        reply: impl Fn(&str) -> Option<String>,
    ) -> Said {
        let mut child = self.spawn(arguments);
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let (mut out, mut line) = (String::new(), String::new());
        while lines.read_line(&mut line).unwrap() > 0 {
            if let Some(answer) = reply(&line)
                && let Some(mut input) = child.stdin.take()
            {
                writeln!(input, "{answer}").unwrap();
            }
            out.push_str(&std::mem::take(&mut line));
        }
        let output = child.wait_with_output().unwrap();
        Said {
            exit: output.status.code(),
            out,
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(crate::PROGRAM);
        command
            .current_dir(&self.folder)
            .args(arguments)
            .envs(self.env.iter().cloned());
        command
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.join(name), text).unwrap();
    }

    /// Imports the demo directory.
    pub(crate) fn import_demo(&self) -> Said {
        self.run(&["directory", "import", &demo()])
    }
}

/// Returns the path of the demo's directory file.
pub(crate) fn demo() -> String {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let demo = package.join("../config/demo-directory.toml");
    demo.display().to_string()
}
