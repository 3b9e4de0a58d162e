//! A gateway's process, from its first log line to its end.

use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::log::Log;
use crate::{Error, Result};

const PATIENCE: Duration = Duration::from_secs(30);
const GLANCE: Duration = Duration::from_millis(20);

/// One process and what reads its output.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    readers: Vec<JoinHandle<()>>,
    pub(crate) public: SocketAddr,
    pub(crate) management: SocketAddr,
}

impl Process {
    pub(crate) fn start(mut command: Command, log: &Log) -> Result<Self> {
        let known = log.len();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let program = command.get_program().display().to_string();
        let mut child = command
            .spawn()
            .map_err(|error| Error::from(error).context(format!("starting {program}")))?;
        let mut readers = Vec::new();
        readers.extend(child.stdout.take().map(|stream| log.follow(stream)));
        readers.extend(child.stderr.take().map(|stream| log.follow(stream)));
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut process = Self {
            child,
            readers,
            public: nowhere,
            management: nowhere,
        };
        // From here on a failure drops the process, which ends it.
        process.public = process.address("public", log, known)?;
        process.management = process.address("management", log, known)?;
        Ok(process)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn address(&mut self, listener: &str, log: &Log, known: usize) -> Result<SocketAddr> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = log.find(known, GLANCE, |line| address(line, listener));
            if let Some(address) = found {
                return Ok(address);
            }
            let ended = self.child.try_wait()?;
            let why = match ended {
                Some(status) => format!("it ended ({status})"),
                None if Instant::now() > deadline => format!("no {listener} listener in 30 s"),
                None => continue,
            };
            self.end();
            let log = log.lines().join("\n");
            return Err(Error::new(format!(
                "the gateway did not come up: {why}; its log:\n{log}"
            )));
        }
    }

    pub(crate) fn wait(&mut self, log: &Log) -> Result<ExitStatus> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait()? {
                self.read_to_end();
                return Ok(status);
            }
            if Instant::now() > deadline {
                let log = log.lines().join("\n");
                return Err(Error::new(format!(
                    "the gateway did not end in 30 s; its log:\n{log}"
                )));
            }
            thread::sleep(GLANCE);
        }
    }

    /// Kills the process and waits for its end. Ignores errors: the process has ended already then.
    pub(crate) fn end(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        self.read_to_end();
    }

    fn read_to_end(&mut self) {
        for reader in self.readers.drain(..) {
            drop(reader.join());
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// Returns the address that a log line contains for that listener: in a line of JSON as a field of the event or at
/// the top, in a line of text as a field. `None` if the line contains none.
fn address(line: &str, listener: &str) -> Option<SocketAddr> {
    let named = format!(" listener=\"{listener}\" address=");
    if let Some((_, address)) = line.split_once(&named) {
        return address.split(' ').next()?.parse().ok();
    }
    let line: Value = serde_json::from_str(line).ok()?;
    [line.get("fields"), Some(&line)]
        .into_iter()
        .flatten()
        .find_map(|fields| {
            let its_name = fields.get("listener")?.as_str()?;
            let address = fields.get("address")?.as_str()?;
            (its_name == listener).then(|| address.parse().ok())?
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_from_a_field_or_the_top() {
        let expected = Some(SocketAddr::from(([127, 0, 0, 1], 8080)));
        for line in [
            r#"{"level":"INFO","fields":{"message":"x","listener":"public","address":"127.0.0.1:8080"}}"#,
            r#"{"listener":"public","address":"127.0.0.1:8080"}"#,
            r#"2026-11-29T00:57:59Z  INFO listening listener="public" address=127.0.0.1:8080"#,
        ] {
            assert_eq!(address(line, "public"), expected);
            assert_eq!(address(line, "management"), None);
        }
        assert_eq!(address("listening on 127.0.0.1:8080", "public"), None);
    }
}
