//! The gateway as a process of its own.

mod builder;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub use self::builder::{Builder, Store};
use crate::log::Log;
use crate::process::Process;
use crate::{Error, Request, Result};

const PATIENCE: Duration = Duration::from_mins(1);
const GLANCE: Duration = Duration::from_millis(20);

/// A running gateway, its tokens in memory unless told otherwise. It is killed when this is dropped.
#[derive(Debug)]
pub struct Gateway {
    builder: Builder,
    process: Process,
    folder: PathBuf,
    log: Log,
    _temporary: Option<TempDir>,
}

impl Gateway {
    /// Returns a builder of a gateway that runs `program`: `env!("CARGO_BIN_EXE_isogloss-under-test")`, which
    /// only an integration test knows.
    pub fn builder(program: impl Into<PathBuf>) -> Builder {
        Builder::new(program.into())
    }

    /// Returns the address at which dialects are served.
    pub fn public(&self) -> SocketAddr {
        self.process.public
    }

    /// Returns the address at which health, metrics and administration are served.
    pub fn management(&self) -> SocketAddr {
        self.process.management
    }

    /// Returns the working directory of the gateway, with its embedded stores.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Returns all lines that the gateway has written so far, including those of earlier starts.
    pub fn log(&self) -> Vec<String> {
        self.log.lines()
    }

    /// Waits up to 60 seconds for a log line with this text. Returns whether there is one.
    pub fn logs(&self, text: &str) -> bool {
        self.log
            .find(0, PATIENCE, |line| line.contains(text).then_some(()))
            .is_some()
    }

    /// Waits up to 60 seconds for a log line, after the first `known` ones, that has one of the texts.
    /// Returns the index of that text, `None` if no such line is written.
    pub fn logs_one_of(&self, known: usize, texts: &[&str]) -> Option<usize> {
        let place = |line: &str| texts.iter().position(|text| line.contains(text));
        self.log.find(known, PATIENCE, place)
    }

    /// Waits up to 60 seconds until at least `times` log lines have this text. Returns whether there are that
    /// many.
    pub fn logs_times(&self, text: &str, times: usize) -> bool {
        let deadline = Instant::now() + PATIENCE;
        let count = || self.log().iter().filter(|line| line.contains(text)).count();
        while count() < times {
            if Instant::now() > deadline {
                return false;
            }
            thread::sleep(GLANCE);
        }
        true
    }

    /// Waits until `/readyz` reports that the gateway is ready: the directory file may not have been applied
    /// yet when the listeners accept connections.
    ///
    /// # Errors
    /// If the gateway is not ready after 60 seconds.
    pub fn wait_until_ready(&self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = Request::get("/readyz").send(self.management())?;
            if answer.status == 200 {
                return Ok(());
            }
            if Instant::now() > deadline {
                let why = answer.text();
                return Err(Error::new(format!("not ready in 60 s: {why}")));
            }
            thread::sleep(GLANCE);
        }
    }

    /// Sends SIGTERM, waits until the gateway has stopped, and returns its exit status.
    ///
    /// # Errors
    /// If it still runs after 60 seconds.
    pub fn terminate(&mut self) -> Result<ExitStatus> {
        self.ask_to_stop()?;
        self.wait()
    }

    /// Sends SIGTERM, and does not wait.
    ///
    /// # Errors
    /// If the signal cannot be sent.
    pub fn ask_to_stop(&self) -> Result<()> {
        self.signal("-TERM")
    }

    /// Sends SIGHUP, at which the gateway reads its configuration again, and does not wait.
    ///
    /// # Errors
    /// If the signal cannot be sent.
    pub fn hang_up(&self) -> Result<()> {
        self.signal("-HUP")
    }

    fn signal(&self, signal: &str) -> Result<()> {
        let id = self.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status()?;
        if sent.success() {
            return Ok(());
        }
        Err(Error::new(format!("no process {id} to send {signal}")))
    }

    /// Waits until the gateway has stopped, and returns its exit status.
    ///
    /// # Errors
    /// If it still runs after 60 seconds.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        self.process.wait(&self.log)
    }

    /// Ends the gateway at once (SIGKILL).
    ///
    /// # Errors
    /// If the signal cannot be sent.
    pub fn kill(&mut self) -> Result<()> {
        self.process.end();
        Ok(())
    }

    /// Stops the gateway if it runs, and starts it again in the same folder with the same settings, at new
    /// ports.
    ///
    /// # Errors
    /// If it does not start within 60 seconds.
    pub fn start_again(&mut self) -> Result<()> {
        self.process.end();
        self.process = Process::start(self.builder.command(&self.folder)?, &self.log)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_gateway_that_ends_at_once_is_reported_with_its_exit() {
        let failure = Gateway::builder("/bin/false")
            .start()
            .unwrap_err()
            .to_string();
        assert!(failure.contains("it ended (exit status: 1)"), "{failure}");
        let failure = Gateway::builder("/no/such/program")
            .start()
            .unwrap_err()
            .to_string();
        assert!(
            failure.starts_with("starting /no/such/program"),
            "{failure}"
        );
    }

    #[test]
    fn a_gateway_is_stopped_killed_and_started_again_on_its_folder() {
        const SCRIPT: &str = r#"
trap 'echo stopped; exit 0' TERM
echo "{\"fields\":{\"listener\":\"public\",\"address\":\"127.0.0.1:$(($$ % 60000 + 3))\"}}" >&2
echo '{"fields":{"listener":"management","address":"127.0.0.1:2"}}' >&2
while true; do sleep 0.01; done
"#;
        // `/bin/sh serve --config …` runs the script of that name.
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("serve"), SCRIPT).unwrap();

        let mut gateway = Gateway::builder("/bin/sh")
            .folder(folder.path())
            .start()
            .unwrap();
        let first = gateway.public();
        assert_eq!(gateway.management().port(), 2);
        gateway.kill().unwrap();
        gateway.start_again().unwrap();
        assert_ne!(gateway.public(), first);
        assert!(gateway.terminate().unwrap().success());
        assert!(gateway.logs("stopped"));
        assert_eq!(gateway.log().len(), 5, "two starts and a stop");
        assert_eq!(gateway.folder(), folder.path());
    }
}
