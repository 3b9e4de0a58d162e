//! A connection, and what was read ahead of it.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const READ: usize = 64 * 1024;
/// The largest head, and how much is read ahead while the back end waits.
const AHEAD: usize = 1024 * 1024;

/// A connection, with the bytes that were read and not used yet.
pub(super) struct Wire {
    stream: TcpStream,
    ahead: Vec<u8>,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            ahead: Vec::new(),
        }
    }

    /// Returns the bytes to the end of `end`, which is included. `None` if the connection is closed before.
    pub(super) async fn until(&mut self, end: &[u8]) -> Result<Option<Vec<u8>>> {
        loop {
            let place = self.ahead.windows(end.len()).position(|part| part == end);
            if let Some(place) = place {
                return Ok(Some(self.ahead.drain(..place + end.len()).collect()));
            }
            if self.ahead.len() > AHEAD {
                return Err(Error::from(ErrorKind::InvalidData));
            }
            if !self.read_ahead().await? {
                return Ok(None);
            }
        }
    }

    /// Passes the next bytes to `take`, in pieces, `length` bytes in all. Fails if the connection is closed before.
    pub(super) async fn exactly(&mut self, length: u64, mut take: impl FnMut(&[u8])) -> Result<()> {
        let mut left = length;
        while left > 0 {
            if self.ahead.is_empty() && !self.read_ahead().await? {
                return Err(Error::from(ErrorKind::UnexpectedEof));
            }
            let count =
                usize::try_from(left).map_or(self.ahead.len(), |left| left.min(self.ahead.len()));
            take(&self.ahead[..count]);
            self.ahead.drain(..count);
            left -= count as u64;
        }
        Ok(())
    }

    /// Returns what was read ahead and not used.
    pub(super) fn unused(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.ahead)
    }

    /// Returns when the other side has closed the connection, and never if it sends very much before.
    pub(super) async fn ended(&mut self) -> Result<()> {
        while self.ahead.len() <= AHEAD {
            if !self.read_ahead().await? {
                return Ok(());
            }
        }
        std::future::pending().await
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Sends back all bytes until the other side closes the connection.
    pub(super) async fn echo(&mut self) -> Result<()> {
        loop {
            let bytes = self.unused();
            self.send(&bytes).await?;
            if !self.read_ahead().await? {
                return Ok(());
            }
        }
    }

    /// Ends the connection with a RST.
    pub(super) fn reset(&mut self) -> Result<()> {
        self.stream.set_zero_linger()
    }

    /// Reads once. Returns false if the other side has closed the connection. Nothing is lost if this is cancelled.
    async fn read_ahead(&mut self) -> Result<bool> {
        self.ahead.reserve(READ);
        Ok(self.stream.read_buf(&mut self.ahead).await? > 0)
    }
}
