//! A Redis of the test's own, to be stopped and started again.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{self, Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{Failure, Result};

const PATIENCE: Duration = Duration::from_secs(30);
const GLANCE: Duration = Duration::from_millis(20);

/// A `redis-server` on a port of its own, in a folder of its own, keeping nothing on disk. It is killed
/// when this is dropped.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    folder: TempDir,
    child: Option<Child>,
}

/// What Redis answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// `+OK` and its like.
    Simple(String),
    /// `-ERR …`.
    Error(String),
    /// A whole number.
    Integer(i64),
    /// A value; `None` is "no such thing".
    Bulk(Option<Vec<u8>>),
    /// Several of these.
    Array(Vec<Reply>),
}

impl Reply {
    /// The texts of a value or of an array of them; what is no UTF-8 is replaced, what is nothing left out.
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::Simple(text) | Self::Error(text) => vec![text.clone()],
            Self::Integer(number) => vec![number.to_string()],
            Self::Bulk(value) => value
                .iter()
                .map(|value| String::from_utf8_lossy(value).into_owned())
                .collect(),
            Self::Array(replies) => replies.iter().flat_map(Self::texts).collect(),
        }
    }
}

impl Redis {
    /// Starts a Redis and waits until it answers, 30 seconds at most.
    ///
    /// Fails, and does not skip, where there is no `redis-server`.
    pub fn start() -> Result<Self> {
        let mut redis = Self {
            port: free_port()?,
            folder: TempDir::new()?,
            child: None,
        };
        redis.start_again()?;
        Ok(redis)
    }

    /// `redis://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Returns the port at which it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends it at once; what it held is gone.
    pub fn stop(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Starts it anew, empty, at the same port.
    pub fn start_again(&mut self) -> Result<()> {
        self.stop()?;
        let log = self.folder.path().join("redis.log");
        let child = Command::new("redis-server")
            .current_dir(self.folder.path())
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string()])
            .args(["--save", "", "--appendonly", "no", "--daemonize", "no"])
            .arg("--logfile")
            .arg(&log)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| {
                Failure::new(format!(
                    "this test needs `redis-server`, which could not be started ({error}); `make test` installs it"
                ))
            })?;
        self.child = Some(child);
        self.wait_for_pong(&log)
    }

    /// Sends one command and reads its reply.
    pub fn command(&self, words: &[&str]) -> Result<Reply> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut message = format!("*{}\r\n", words.len());
        for word in words {
            message.extend(["$", &word.len().to_string(), "\r\n", word, "\r\n"]);
        }
        stream.write_all(message.as_bytes())?;
        read(&mut BufReader::new(stream))
    }

    /// Returns the keys that a gateway keeps. A gateway also writes probes to find out if it may write, at
    /// the start and each minute, and removes them; they are left out.
    pub fn keys(&self) -> Result<Vec<String>> {
        let mut keys = self.command(&["KEYS", "*"])?.texts();
        keys.retain(|key| !key.contains(":{probe"));
        Ok(keys)
    }

    fn wait_for_pong(&mut self, log: &Path) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while self.command(&["PING"]) != Ok(Reply::Simple("PONG".to_owned())) {
            let ended = self
                .child
                .as_mut()
                .and_then(|child| child.try_wait().ok().flatten());
            if ended.is_some() || Instant::now() > deadline {
                let log = fs::read_to_string(log).unwrap_or_default();
                return Err(Failure::new(format!(
                    "redis-server does not answer; its log:\n{log}"
                )));
            }
            thread::sleep(GLANCE);
        }
        Ok(())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.stop());
    }
}

/// A port below those that outgoing connections are given: a client that keeps trying a stopped server's
/// port from such a port would one day connect to itself.
fn free_port() -> Result<u16> {
    const FIRST: u16 = 20_000;
    const PORTS: u16 = 12_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(process::id() * 97 % u32::from(PORTS)).unwrap_or_default();
    (0..PORTS)
        .map(|_| FIRST + start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % PORTS)
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .ok_or_else(|| Failure::new("no free port for redis-server"))
}

fn read(stream: &mut impl BufRead) -> Result<Reply> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let line = line
        .strip_suffix("\r\n")
        .filter(|line| !line.is_empty())
        .ok_or_else(|| Failure::new("Redis ended the connection"))?;
    let (sign, rest) = line.split_at_checked(1).ok_or_else(|| malformed(line))?;
    let number = || rest.parse::<i64>().map_err(|_| malformed(line));
    match sign {
        "+" => Ok(Reply::Simple(rest.to_owned())),
        "-" => Ok(Reply::Error(rest.to_owned())),
        ":" => number().map(Reply::Integer),
        "$" => bulk(stream, number()?).map(Reply::Bulk),
        "*" => (0..number()?)
            .map(|_| read(stream))
            .collect::<Result<_>>()
            .map(Reply::Array),
        _ => Err(malformed(line)),
    }
}

fn bulk(stream: &mut impl Read, length: i64) -> Result<Option<Vec<u8>>> {
    let Ok(length) = usize::try_from(length) else {
        return Ok(None);
    };
    let mut value = vec![0; length + 2];
    stream.read_exact(&mut value)?;
    value.truncate(length);
    Ok(Some(value))
}

fn malformed(line: &str) -> Failure {
    Failure::new(format!("`{line}` is no reply of Redis"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_read() {
        let read = |text: &str| read(&mut text.as_bytes());
        assert_eq!(read("+OK\r\n"), Ok(Reply::Simple("OK".to_owned())));
        assert_eq!(read("-ERR x\r\n"), Ok(Reply::Error("ERR x".to_owned())));
        assert_eq!(read(":-2\r\n"), Ok(Reply::Integer(-2)));
        assert_eq!(read("$-1\r\n"), Ok(Reply::Bulk(None)));
        assert_eq!(
            read("$4\r\na\r\nb\r\n"),
            Ok(Reply::Bulk(Some(b"a\r\nb".to_vec())))
        );
        let array = read("*2\r\n$1\r\na\r\n*1\r\n:5\r\n").unwrap();
        assert_eq!(array.texts(), ["a", "5"]);
        for text in ["", "\r\n", "é\r\n", "$x\r\n", "*1\r\n", "$5\r\nab\r\n"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_redis_stops_and_starts_again_at_its_port() {
        let mut redis = Redis::start().unwrap();
        let set = redis.command(&["SET", "a", "b", "PX", "60000"]).unwrap();
        assert_eq!(set, Reply::Simple("OK".to_owned()));
        assert_eq!(redis.command(&["KEYS", "*"]).unwrap().texts(), ["a"]);
        let url = redis.url();
        redis.stop().unwrap();
        assert!(redis.command(&["PING"]).is_err());
        redis.start_again().unwrap();
        assert_eq!(redis.url(), url);
        assert_eq!(redis.command(&["DBSIZE"]).unwrap(), Reply::Integer(0));
    }
}
