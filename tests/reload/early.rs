//! Signals that arrive before the start is complete.

use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;

use crate::{RELOADED, builder};

/// A gateway whose last configuration file is a FIFO, at which its start waits.
struct Starting {
    gateway: Child,
    fifo: PathBuf,
    _folder: TempDir,
}

impl Starting {
    fn spawn() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("last.toml");
        mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let mut command = with_default_hangup(&builder("").command(folder.path()).unwrap());
        command.arg("--config").arg(&fifo);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let gateway = command.stderr(Stdio::piped()).spawn().unwrap();
        Self {
            gateway,
            fifo,
            _folder: folder,
        }
    }

    /// Waits until the gateway reads its configuration, which it does until this is written to.
    fn reads(&self) -> fs::File {
        OpenOptions::new().write(true).open(&self.fifo).unwrap()
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

/// Whatever started the test may ignore SIGHUP, and children inherit that.
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
    let mut configuration = starting.reads();
    starting.send("-HUP");
    configuration.write_all(b"[server]\nhsts = \"1h\"\n").unwrap();
    drop(configuration);
    let log = BufReader::new(starting.gateway.stderr.take().unwrap());
    let mut lines = log.lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("\"mounted\"")));
    // It is read once more.
    drop(starting.reads());
    assert!(lines.any(|line| line.contains(RELOADED)));
    starting.send("-TERM");
    assert_eq!(starting.gateway.wait().unwrap().code(), Some(0));
}

#[test]
fn a_signal_to_stop_before_the_configuration_is_read_is_an_orderly_end() {
    for signal in ["-TERM", "-INT"] {
        let mut starting = Starting::spawn();
        let _configuration = starting.reads();
        starting.send(signal);
        assert_eq!(starting.gateway.wait().unwrap().code(), Some(0), "{signal}");
    }
}
