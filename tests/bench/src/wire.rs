//! A persistent connection and the responses on it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result};

const PATIENCE: Duration = Duration::from_secs(30);

/// A persistent connection.
pub(crate) struct Wire(BufReader<TcpStream>);

/// A response.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Wire {
    pub(crate) fn open(server: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Returns a writer for the same connection, so that another thread can read.
    pub(crate) fn writer(&self) -> Result<TcpStream> {
        Ok(self.0.get_ref().try_clone()?)
    }

    /// Sends a request and returns its response.
    pub(crate) fn ask(&mut self, request: &str) -> Result<Answer> {
        self.0.get_mut().write_all(request.as_bytes())?;
        self.read()
    }

    /// Reads the next response.
    pub(crate) fn read(&mut self) -> Result<Answer> {
        let mut line = String::new();
        self.0.read_line(&mut line).context("no response")?;
        let status = line.split(' ').nth(1).context("the connection ended")?;
        let status = status.parse()?;
        let mut length = 0;
        loop {
            line.clear();
            self.0.read_line(&mut line)?;
            let Some((name, value)) = line.trim().split_once(": ") else {
                break;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse()?;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok(Answer { status, body })
    }
}

impl Answer {
    /// Returns a string member of a JSON body, at any depth.
    pub(crate) fn member(&self, name: &str) -> Result<String> {
        let body = String::from_utf8_lossy(&self.body);
        let (_, rest) = body
            .split_once(&format!("\"{name}\":\""))
            .with_context(|| format!("no {name} in a response of status {}", self.status))?;
        let (value, _) = rest.split_once('"').context("an unterminated string")?;
        Ok(value.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_found_where_it_stands() {
        let body = br#"{"status":{"code":"OK"},"data":{"token":"4AD9"}}"#.to_vec();
        let answer = Answer { status: 200, body };
        assert_eq!(answer.member("token").unwrap(), "4AD9");
        assert!(answer.member("access_token").is_err());
    }
}
