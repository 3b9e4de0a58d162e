//! Signals that arrive before the start is complete.

use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;

use crate::reload::{RELOADED, builder};

/// A gateway whose configuration names a FIFO, at which its start waits.
struct Starting {
    gateway: Child,
    fifo: PathBuf,
    folder: TempDir,
}

impl Starting {
    fn spawn() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("transport");
        mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let text = format!("[mail]\ntransport_file = {:?}", fifo.display().to_string());
        let gateway = builder(&text).command(folder.path()).unwrap();
        let mut command = with_default_hangup(&gateway);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let gateway = command.stderr(Stdio::piped()).spawn().unwrap();
        Self {
            gateway,
            fifo,
            folder,
        }
    }

    /// Waits until the gateway reads its configuration. It keeps reading while the returned file is open.
    fn reads(&self) -> fs::File {
        OpenOptions::new().write(true).open(&self.fifo).unwrap()
    }

    /// Lets the start continue. From now on, a file replaces the FIFO.
    fn let_go(&self, mut fifo: fs::File) {
        let file = self.folder.path().join("file");
        fs::write(&file, "none").unwrap();
        fs::rename(file, &self.fifo).unwrap();
        fifo.write_all(b"none").unwrap();
    }

    fn send(&self, signal: &str) {
        let id = self.gateway.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        drop(self.gateway.kill());
        drop(self.gateway.wait());
    }
}

/// Resets SIGHUP to its default: the process that started the test may ignore it, and children inherit that.
fn with_default_hangup(gateway: &Command) -> Command {
    let mut command = Command::new("env");
    command
        .arg("--default-signal=HUP")
        .arg(gateway.get_program())
        .args(gateway.get_args())
        .current_dir(gateway.get_current_dir().unwrap_or(Path::new(".")))
        .process_group(0);
    for (key, value) in gateway.get_envs() {
        match value {
            Some(value) => command.env(key, value),
            None => command.env_remove(key),
        };
    }
    command
}

#[test]
fn a_reload_that_is_asked_for_during_the_start_follows_the_start() {
    let mut starting = Starting::spawn();
    let fifo = starting.reads();
    starting.send("-HUP");
    starting.let_go(fifo);
    let log = BufReader::new(starting.gateway.stderr.take().unwrap());
    let mut lines = log.lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("\"mounted\"")));
    assert!(lines.any(|line| line.contains(RELOADED)));
    starting.send("-TERM");
    assert_eq!(starting.gateway.wait().unwrap().code(), Some(0));
}

#[test]
fn a_signal_to_stop_before_the_configuration_is_read_is_an_orderly_end() {
    for signal in ["-TERM", "-INT"] {
        let mut starting = Starting::spawn();
        let _fifo = starting.reads();
        starting.send(signal);
        assert_eq!(starting.gateway.wait().unwrap().code(), Some(0), "{signal}");
    }
}
