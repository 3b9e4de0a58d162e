//! One process of redis-server.

use std::fs;
use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::{Certificates, free_port, resp, wait_until};

/// A `redis-server`, in a folder of its own, keeping nothing on disk unless told to.
#[derive(Debug)]
pub struct RedisServer {
    port: u16,
    tls_port: Option<u16>,
    folder: TempDir,
    arguments: Vec<String>,
    child: Option<Child>,
}

impl RedisServer {
    /// Starts a server with more arguments, and waits until it responds.
    ///
    /// # Errors
    /// If there is no `redis-server` (the test fails, and is not skipped), or it does not respond.
    pub fn start(arguments: &[&str]) -> Result<Self> {
        let folder = TempDir::new()?;
        let port = free_port()?;
        let mut own = vec!["--bind".to_owned(), "127.0.0.1".to_owned()];
        own.extend(["--port".to_owned(), port.to_string()]);
        own.extend(["--save", "", "--appendonly", "no"].map(str::to_owned));
        own.extend(["--repl-diskless-sync-delay", "0"].map(str::to_owned));
        own.extend(arguments.iter().map(|&argument| argument.to_owned()));
        Self::run(port, folder, own)
    }

    /// Starts a server that also accepts TLS, at [`RedisServer::tls_port`].
    ///
    /// # Errors
    /// If a program is missing, or a server does not respond in time.
    pub fn start_tls(certificates: &Certificates, arguments: &[&str]) -> Result<Self> {
        let tls_port = free_port()?;
        let mut all = certificates.arguments(tls_port);
        all.extend(arguments.iter().map(|&argument| argument.to_owned()));
        let mut server = Self::start(&all.iter().map(String::as_str).collect::<Vec<_>>())?;
        server.tls_port = Some(tls_port);
        Ok(server)
    }

    /// Starts a sentinel with these lines in its configuration. Fails if it does not respond.
    pub(super) fn start_sentinel(certificates: Option<&Certificates>, lines: &str) -> Result<Self> {
        let folder = TempDir::new()?;
        let port = free_port()?;
        let tls_port = certificates.map(|_| free_port()).transpose()?;
        let mut configuration = format!("bind 127.0.0.1\nport {port}\n");
        if let (Some(certificates), Some(tls_port)) = (certificates, tls_port) {
            configuration += &certificates.lines(tls_port);
        }
        let file = folder.path().join("sentinel.conf");
        fs::write(&file, configuration + lines)?;
        let arguments = vec![file.display().to_string(), "--sentinel".to_owned()];
        let mut sentinel = Self::run(port, folder, arguments)?;
        sentinel.tls_port = tls_port;
        Ok(sentinel)
    }

    fn run(port: u16, folder: TempDir, arguments: Vec<String>) -> Result<Self> {
        let mut server = Self {
            port,
            tls_port: None,
            folder,
            arguments,
            child: None,
        };
        server.start_again()?;
        Ok(server)
    }

    /// Returns the port of the server.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the port for TLS, or the plain one if there is none.
    pub fn tls_port(&self) -> u16 {
        self.tls_port.unwrap_or(self.port)
    }

    /// Sends one command and returns its reply as text, each value on a line. Bytes that are not UTF-8 are
    /// replaced.
    ///
    /// # Errors
    /// If the server is unreachable or returns an error.
    pub fn ask(&self, words: &[&str]) -> Result<String> {
        let words: Vec<_> = words.iter().map(|word| word.as_bytes()).collect();
        let values = self.values(&words)?;
        let texts: Vec<_> = values
            .iter()
            .map(|value| String::from_utf8_lossy(value))
            .collect();
        Ok(texts.join("\n"))
    }

    /// Sends one command and returns the values of its reply.
    ///
    /// # Errors
    /// If the server is unreachable or returns an error.
    pub fn values(&self, words: &[&[u8]]) -> Result<Vec<Vec<u8>>> {
        resp::command(self.port, words)?.into_values()
    }

    /// Kills the server, as a crash would.
    ///
    /// # Errors
    /// If it cannot be killed.
    pub fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Starts the server again at the same port, and waits until it responds.
    ///
    /// # Errors
    /// If it does not respond in time.
    pub fn start_again(&mut self) -> Result<()> {
        self.start_loading()?;
        let log = self.log();
        wait_until("redis-server answers", || self.answers())
            .map_err(|error| Error::other(format!("{error}; its log:\n{}", read(&log))))
    }

    /// Pauses the server: it accepts connections and commands, and responds to none.
    ///
    /// # Errors
    /// If it cannot be paused.
    pub fn stall(&self) -> Result<()> {
        self.signal("-STOP")
    }

    /// Ends [`stall`](Self::stall).
    ///
    /// # Errors
    /// If the process cannot be resumed.
    pub fn go_on(&self) -> Result<()> {
        self.signal("-CONT")
    }

    fn signal(&self, signal: &str) -> Result<()> {
        let child = self
            .child
            .as_ref()
            .ok_or_else(|| Error::other("it does not run"))?;
        let id = child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status()?;
        if sent.success() {
            Ok(())
        } else {
            Err(Error::other("it cannot be signalled"))
        }
    }

    /// Starts the server again at the same port, and does not wait.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start_loading(&mut self) -> Result<()> {
        self.kill()?;
        let log = self.log();
        let child = Command::new("redis-server")
            .current_dir(self.folder.path())
            .args(&self.arguments)
            .arg("--logfile")
            .arg(&log)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| {
                Error::other(format!(
                    "this test needs `redis-server`, which could not be started ({error}); \
                     `make test` installs it"
                ))
            })?;
        self.child = Some(child);
        Ok(())
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("redis.log")
    }

    fn answers(&self) -> bool {
        match self.ask(&["PING"]) {
            Ok(_) => true,
            // It is there and wants a password.
            Err(error) => error.to_string().starts_with("NOAUTH"),
        }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        drop(self.kill());
    }
}

fn read(log: &Path) -> String {
    fs::read_to_string(log).unwrap_or_default()
}
