//! Requests and responses of HTTP/1.1 on any stream.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The largest request.
const LARGEST: usize = 1024 * 1024;

/// A request.
pub(super) struct Request {
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// A response of JSON.
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) json: String,
}

impl Request {
    /// Reads a request to its end. Fails if the connection ends before, or if it is no request.
    pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Self> {
        let mut bytes = Vec::new();
        loop {
            if let Some(request) = parse(&bytes)? {
                return Ok(request);
            }
            if bytes.len() > LARGEST {
                return Err(ErrorKind::InvalidData.into());
            }
            if stream.read_buf(&mut bytes).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Returns a header by its name in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter();
        let (_, value) = all.find(|(known, _)| known == name)?;
        Some(value)
    }
}

/// Returns the request in the bytes. `None` if they are not all there.
fn parse(bytes: &[u8]) -> Result<Option<Request>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(start) = head.parse(bytes).map_err(Error::other)? else {
        return Ok(None);
    };
    let mut request = Request {
        path: head.path.unwrap_or_default().to_owned(),
        headers: head
            .headers
            .iter()
            .map(|header| {
                let value = String::from_utf8_lossy(header.value).into_owned();
                (header.name.to_lowercase(), value)
            })
            .collect(),
        body: Vec::new(),
    };
    let length = request.header("content-length").unwrap_or("0");
    let length: usize = length.parse().map_err(Error::other)?;
    let Some(body) = bytes.get(start..start + length) else {
        return Ok(None);
    };
    request.body = body.to_vec();
    Ok(Some(request))
}

/// Returns the head of a response, whose connection ends after it.
pub(super) fn head(status: u16, media: &str, length: usize, more: &str) -> String {
    format!(
        "HTTP/1.1 {status} x\r\nContent-Type: {media}\r\nContent-Length: {length}\r\n{more}Connection: close\r\n\r\n"
    )
}
