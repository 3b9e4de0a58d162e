//! A back end that records what it receives.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use actix_web::rt::spawn;
use actix_web::rt::task::JoinHandle;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A request, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Received {
    pub(super) line: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Received {
    /// Returns the values of all headers of that name, which is compared in lower case.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(known, _)| known == name);
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// Returns the value of the only header of that name, or `None` if there is no such header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let values = self.all(name);
        assert!(values.len() < 2, "{name}: {values:?}");
        values.first().copied()
    }
}

/// A back end on a free port, until it is dropped.
pub(super) struct Stub {
    pub(super) address: SocketAddr,
    received: Rc<RefCell<Vec<Received>>>,
    task: JoinHandle<()>,
}

impl Stub {
    /// Starts a back end that sends the same response to every request.
    pub(super) async fn start(response: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = Rc::new(RefCell::new(Vec::new()));
        let (log, response) = (Rc::clone(&received), Rc::<str>::from(response));
        let task = spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                spawn(serve(stream, Rc::clone(&log), Rc::clone(&response)));
            }
        });
        Self {
            address,
            received,
            task,
        }
    }

    /// Returns the requests since the last call.
    pub(super) fn take(&self) -> Vec<Received> {
        self.received.take()
    }

    /// Returns the only request since the last call.
    pub(super) fn take_one(&self) -> Received {
        let mut received = self.take();
        assert_eq!(received.len(), 1, "{received:?}");
        received.remove(0)
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, log: Rc<RefCell<Vec<Received>>>, response: Rc<str>) {
    let mut bytes = Vec::new();
    loop {
        while let Some((received, length)) = parse(&bytes) {
            bytes.drain(..length);
            log.borrow_mut().push(received);
            stream.write_all(response.as_bytes()).await.unwrap();
        }
        match stream.read_buf(&mut bytes).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

/// Parses a request and returns its length, or `None` if it is not complete.
fn parse(bytes: &[u8]) -> Option<(Received, usize)> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let line = lines.next().unwrap().to_owned();
    let headers: Vec<_> = lines
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        })
        .collect();
    let value = |name: &str| headers.iter().find(|(known, _)| known == name);
    let (body, length) = if value("transfer-encoding").is_some() {
        chunks(&bytes[end..])?
    } else {
        let length = value("content-length").map_or(0, |(_, value)| value.parse().unwrap());
        let body = bytes.get(end..end + length)?;
        (String::from_utf8_lossy(body).into_owned(), length)
    };
    let received = Received {
        line,
        headers,
        body,
    };
    Some((received, end + length))
}

/// Decodes a chunked body and returns its length with all chunks, or `None` if it is not complete.
fn chunks(bytes: &[u8]) -> Option<(String, usize)> {
    let (mut body, mut at) = (String::new(), 0);
    loop {
        let end = bytes[at..]
            .windows(2)
            .position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(&bytes[at..at + end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        at += end + 2;
        let chunk = bytes.get(at..at + size + 2)?;
        body.push_str(std::str::from_utf8(&chunk[..size]).unwrap());
        at += size + 2;
        if size == 0 {
            return Some((body, at));
        }
    }
}
