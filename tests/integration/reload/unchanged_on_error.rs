//! A persistent connection.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use isogloss_testkit::Response;

use isogloss_testkit::parse_complete_response;

const PATIENCE: Duration = Duration::from_secs(30);

/// A persistent connection. The test fails if the server closes it.
pub(crate) struct Kept(TcpStream);

impl Kept {
    pub(crate) fn connect(server: SocketAddr) -> Self {
        let stream = TcpStream::connect(server).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self(stream)
    }

    pub(crate) fn status(&mut self, path: &str) -> u16 {
        self.get(path).status
    }

    pub(crate) fn get(&mut self, path: &str) -> Response {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: isogloss\r\n\r\n"))
    }

    pub(crate) fn post(&mut self, path: &str, body: &str) -> Response {
        self.ask(&format!(
            "POST {path} HTTP/1.1\r\nHost: isogloss\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    }

    fn ask(&mut self, message: &str) -> Response {
        self.0.write_all(message.as_bytes()).unwrap();
        let mut received = Vec::new();
        loop {
            let mut buffer = [0; 4096];
            let count = self.0.read(&mut buffer).unwrap();
            assert!(count > 0, "the connection was dropped");
            received.extend_from_slice(&buffer[..count]);
            if let Some(answer) = parse_complete_response(&received) {
                return answer;
            }
        }
    }
}
