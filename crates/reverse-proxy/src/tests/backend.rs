//! A back end that says exactly what a test wants.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::address::{Address, HostPort};
use crate::settings::Settings;

/// How long a test waits for what must happen.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// A listener on a free port.
pub(super) struct Backend(TcpListener);

/// A connection of the proxy, as the back end has it.
pub(super) struct Peer<S> {
    pub(super) stream: S,
    read: Vec<u8>,
}

impl Backend {
    pub(super) async fn listen() -> Self {
        Self(TcpListener::bind(("127.0.0.1", 0)).await.unwrap())
    }

    pub(super) fn host_port(&self) -> HostPort {
        HostPort {
            host: "127.0.0.1".to_owned(),
            port: self.0.local_addr().unwrap().port(),
        }
    }

    pub(super) fn address(&self) -> Address {
        Address::Http(self.host_port())
    }

    /// Returns settings for this back end alone.
    pub(super) fn settings(&self) -> Settings {
        Settings::new(vec![self.address()])
    }

    /// Waits for the next connection.
    pub(super) async fn accept(&self) -> Peer<TcpStream> {
        let (stream, _) = timeout(PATIENCE, self.0.accept()).await.unwrap().unwrap();
        Peer::new(stream)
    }

    /// Answers each request on each connection with this text, until the test ends.
    pub(super) async fn answer_always(self, response: &'static str) {
        loop {
            let mut peer = self.accept().await;
            actix_web::rt::spawn(async move {
                while peer.try_head().await.is_some() {
                    peer.send(response).await;
                }
            });
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            read: Vec::new(),
        }
    }

    /// Reads the head of a request, with its last empty line.
    pub(super) async fn head(&mut self) -> String {
        self.try_head().await.expect("the connection was closed")
    }

    /// Reads the head of a request, or returns `None` if the connection is closed instead.
    pub(super) async fn try_head(&mut self) -> Option<String> {
        loop {
            let end = self.read.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                let head = self.read.drain(..end + 4).collect();
                return Some(String::from_utf8(head).unwrap());
            }
            if !self.read_more().await {
                return None;
            }
        }
    }

    /// Reads exactly so many bytes.
    pub(super) async fn bytes(&mut self, count: usize) -> Vec<u8> {
        while self.read.len() < count {
            assert!(self.read_more().await, "the connection was closed");
        }
        self.read.drain(..count).collect()
    }

    /// Reads up to this text, which must come.
    pub(super) async fn until(&mut self, text: &str) -> String {
        while !self.read.ends_with(text.as_bytes()) {
            assert!(self.read_more().await, "the connection was closed");
        }
        String::from_utf8(std::mem::take(&mut self.read)).unwrap()
    }

    /// Waits until the connection is closed, and returns what came before.
    pub(super) async fn rest(&mut self) -> Vec<u8> {
        while self.read_more().await {}
        std::mem::take(&mut self.read)
    }

    /// Returns the number of bytes that were read and not returned.
    pub(super) fn buffered(&self) -> usize {
        self.read.len()
    }

    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    async fn read_more(&mut self) -> bool {
        let read = self.stream.read_buf(&mut self.read);
        matches!(timeout(PATIENCE, read).await.unwrap(), Ok(1..))
    }
}
