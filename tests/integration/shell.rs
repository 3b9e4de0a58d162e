//! Commands in a folder, with the settings of a gateway that works there.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use isogloss_testkit::{Builder, Gateway};
use serde_json::Value;
use tempfile::TempDir;

/// How a command ended and what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) exit: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// What it said, having done its work without complaint.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!((self.exit, self.err.as_str()), (Some(0), ""), "{self:?}");
        self.out
    }

    #[track_caller]
    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.done()).unwrap()
    }

    /// One line of complaint, and nothing done.
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

/// Where commands run.
pub(crate) struct Shell {
    folder: PathBuf,
    env: Vec<(OsString, OsString)>,
}

impl Shell {
    /// In the folder of the gateway that `builder` starts there.
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

    /// In a folder where no gateway runs.
    pub(crate) fn alone(folder: &Path) -> Self {
        Self::beside(&Gateway::builder(crate::PROGRAM), folder)
    }

    /// In a folder of its own where no gateway runs, with the demo's directory.
    pub(crate) fn with_demo() -> (TempDir, Self) {
        let folder = TempDir::new().unwrap();
        let shell = Self::alone(folder.path());
        shell.import_demo().done();
        (folder, shell)
    }

    /// In a folder that has to do with no gateway, all settings being the defaults.
    pub(crate) fn bare(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            env: Vec::new(),
        }
    }

    /// The same with one environment variable more.
    pub(crate) fn with(mut self, key: &str, value: &str) -> Self {
        self.env.push((key.into(), value.into()));
        self
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(arguments, "")
    }

    /// Runs it with that on its standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Said {
        let mut child = self.spawn(arguments);
        // A command that does not read may be gone by now.
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        let output = child.wait_with_output().unwrap();
        Said {
            exit: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs it with a standard input that says nothing and does not end: a command that reads it does not
    /// end either.
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

    /// Runs it with its standard output going into that file.
    pub(crate) fn run_into(&self, arguments: &[&str], file: fs::File) -> Said {
        let output = self.command(arguments).stdout(file).output().unwrap();
        Said {
            exit: output.status.code(),
            out: String::new(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs it, and answers the first line to which `reply` knows an answer.
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

    /// Loads the demo directory.
    pub(crate) fn import_demo(&self) -> Said {
        self.run(&["directory", "import", &demo()])
    }
}

/// The demo's directory file.
pub(crate) fn demo() -> String {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let demo = package.join("../config/demo-directory.toml");
    demo.display().to_string()
}
