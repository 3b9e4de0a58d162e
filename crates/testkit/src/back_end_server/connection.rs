//! A connection to the back end, from its first request to its end.

use std::io::{Error, ErrorKind, Result};
use std::sync::Arc;

use data_encoding::BASE64;
use sha1::{Digest as _, Sha1};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use super::wire::Wire;
use super::{RecordedRequest, Shared, Step};

/// Of RFC 6455, 1.3.
const WEBSOCKET_GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// How the body of a request ends.
#[derive(Debug, Clone, Copy)]
enum Body {
    Length(u64),
    Chunks,
}

/// What follows a step.
#[derive(PartialEq, Eq)]
enum Next {
    Step,
    End,
}

/// A request whose body has not been read to its end.
struct Request {
    /// Its place among all requests.
    index: usize,
    /// What is left of its body. `None` if nothing is.
    left: Option<Body>,
}

struct Connection<'a> {
    number: usize,
    wire: Wire,
    shared: &'a Shared,
}

pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let number = shared.arrive();
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            serve(stream, number, &shared).await;
            shared.record(|seen| seen.open.remove(&number));
        });
    }
}

async fn serve(stream: TcpStream, number: usize, shared: &Shared) {
    // Where it fails, bytes come a little later.
    drop(stream.set_nodelay(true));
    let mut connection = Connection {
        number,
        wire: Wire::new(stream),
        shared,
    };
    // An error is the end of the connection, which is observed.
    drop(connection.run().await);
    let stray = connection.wire.unused();
    if !stray.is_empty() {
        shared.record(|seen| seen.stray.push(stray));
    }
}

impl Connection<'_> {
    async fn run(&mut self) -> Result<()> {
        while let Some(head) = self.wire.until(b"\r\n\r\n").await? {
            let recorded = RecordedRequest::new(self.number, head);
            let left = body(&recorded);
            let steps = (self.shared.script)(&recorded);
            let index = self.shared.record(|seen| {
                seen.requests.push(recorded);
                seen.requests.len() - 1
            });
            let mut request = Request { index, left: left? };
            self.read(&mut request, 0).await?;
            for step in steps {
                if self.take(step, &mut request).await? == Next::End {
                    return Ok(());
                }
            }
            if request.left.is_some() {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn take(&mut self, step: Step, request: &mut Request) -> Result<Next> {
        match step {
            Step::ReadBody => self.read(request, u64::MAX).await?,
            Step::ReadSome(length) => self.read(request, length).await?,
            Step::Send(bytes) => self.wire.send(&bytes).await?,
            Step::Repeat(bytes, times) => {
                for _ in 0..times {
                    self.wire.send(&bytes).await?;
                }
            }
            Step::Echo => {
                self.read(request, u64::MAX).await?;
                let response = echo(&self.recorded(request));
                self.wire.send(&response).await?;
            }
            Step::Decide(decider) => {
                self.read(request, u64::MAX).await?;
                let response = decider.response(&self.recorded(request).body);
                self.wire.send(&response).await?;
            }
            Step::WebSocketEcho => {
                let response = switch(&self.recorded(request));
                self.wire.send(response.as_bytes()).await?;
                self.wire.echo().await?;
                return Ok(Next::End);
            }
            Step::Wait(signal) => {
                tokio::select! {
                    () = signal.raised() => {}
                    ended = self.wire.ended() => return ended.map(|()| Next::End),
                }
            }
            Step::Pause(duration) => {
                tokio::select! {
                    () = sleep(duration) => {}
                    ended = self.wire.ended() => return ended.map(|()| Next::End),
                }
            }
            Step::Close => return Ok(Next::End),
            Step::Reset => {
                self.wire.reset()?;
                return Ok(Next::End);
            }
        }
        Ok(Next::Step)
    }

    fn recorded(&self, request: &Request) -> RecordedRequest {
        self.shared.lock().requests[request.index].clone()
    }

    /// Reads at least `length` bytes of what is left of a body, or all of it if it is shorter.
    async fn read(&mut self, request: &mut Request, length: u64) -> Result<()> {
        let mut missing = length;
        while missing > 0
            && let Some(left) = request.left
        {
            let count = match left {
                Body::Length(size) => size.min(missing),
                Body::Chunks => self.chunk_size().await?,
            };
            self.read_bytes(request.index, count).await?;
            missing = missing.saturating_sub(count);
            request.left = match left {
                Body::Length(size) => Some(Body::Length(size - count)).filter(|_| count < size),
                Body::Chunks => self.end_chunk(request.index, count).await?,
            };
        }
        if request.left.is_none() {
            let index = request.index;
            self.shared
                .record(|seen| seen.requests[index].is_complete = true);
        }
        Ok(())
    }

    async fn read_bytes(&mut self, index: usize, count: u64) -> Result<()> {
        let shared = self.shared;
        let append = |bytes: &[u8]| shared.record(|seen| seen.requests[index].append(bytes));
        self.wire.exactly(count, append).await
    }

    /// Reads the end of a chunk, and the trailers after the last one, which is empty. Returns what is left of the body.
    async fn end_chunk(&mut self, index: usize, size: u64) -> Result<Option<Body>> {
        if size == 0 {
            self.read_trailers(index).await?;
            return Ok(None);
        }
        if self.line().await? != "\r\n" {
            return Err(Error::from(ErrorKind::InvalidData));
        }
        Ok(Some(Body::Chunks))
    }

    async fn chunk_size(&mut self) -> Result<u64> {
        let line = self.line().await?;
        let size = line.split(';').next().unwrap_or_default().trim();
        u64::from_str_radix(size, 16).map_err(|_| Error::from(ErrorKind::InvalidData))
    }

    async fn read_trailers(&mut self, index: usize) -> Result<()> {
        loop {
            let line = self.line().await?;
            if line == "\r\n" {
                return Ok(());
            }
            self.shared
                .record(|seen| seen.requests[index].trailers.extend(line.as_bytes()));
        }
    }

    async fn line(&mut self) -> Result<String> {
        let line = self.wire.until(b"\r\n").await?;
        let line = line.ok_or_else(|| Error::from(ErrorKind::UnexpectedEof))?;
        Ok(String::from_utf8_lossy(&line).into_owned())
    }
}

/// Returns how the body of a request ends, `None` if it has none. Fails if the length is no number.
fn body(request: &RecordedRequest) -> Result<Option<Body>> {
    if request.header("Transfer-Encoding").is_some() {
        return Ok(Some(Body::Chunks));
    }
    let Some(length) = request.header("Content-Length") else {
        return Ok(None);
    };
    let length = length
        .parse()
        .map_err(|_| Error::from(ErrorKind::InvalidData))?;
    Ok(Some(Body::Length(length)).filter(|_| length > 0))
}

fn echo(request: &RecordedRequest) -> Vec<u8> {
    let media = request.header("Content-Type").unwrap_or_default();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {media}\r\nContent-Length: {}\r\n\r\n",
        request.body.len()
    );
    [head.as_bytes(), &request.body].concat()
}

fn switch(request: &RecordedRequest) -> String {
    let key = request.header("Sec-WebSocket-Key").unwrap_or_default();
    let accept = BASE64.encode(&Sha1::digest(key + WEBSOCKET_GUID));
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}
