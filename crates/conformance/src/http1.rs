//! One message out, one answer in, nothing tidied up on the way.

mod download;

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use self::download::receive;
use crate::response::Response;
use crate::{Error, Result};

const TIMEOUT: Duration = Duration::from_secs(30);
const MAX_HEADERS: usize = 64;

/// Sends a message as it stands to `address` (`host:port`) and reads one answer, 30 seconds at most.
///
/// A server may answer before it has taken the whole message; that is no failure.
pub fn roundtrip(address: &str, message: &[u8]) -> Result<Response> {
    let stream = connect(address)?;
    thread::scope(|scope| {
        let writer = scope.spawn(|| (&stream).write_all(message));
        let response = read(&stream, is_head(message));
        // Ends a writer whose message nobody takes any more.
        let closed = stream.shutdown(Shutdown::Both);
        let written = writer.join();
        drop(closed);
        told(response, written.unwrap_or(Ok(())))
    })
}

/// The same within TLS, with a server that can show itself to be `name`.
pub(crate) fn encrypted(
    address: &str,
    name: &str,
    config: &Arc<ClientConfig>,
    message: &[u8],
) -> Result<Response> {
    let mut stream = within_tls(address, name, config)?;
    let written = stream.write_all(message);
    let response = read(&mut stream, is_head(message));
    told(response, written)
}

/// Sends a message, within TLS if there is a name and a configuration for it, and writes the body of a success
/// to `file` as it comes.
pub(crate) fn download(
    address: &str,
    tls: Option<(&str, &Arc<ClientConfig>)>,
    message: &[u8],
    file: &mut impl Write,
) -> Result<Response> {
    match tls {
        None => {
            let mut stream = connect(address)?;
            stream.write_all(message)?;
            receive(stream, file)
        }
        Some((name, config)) => {
            let mut stream = within_tls(address, name, config)?;
            stream.write_all(message)?;
            receive(stream, file)
        }
    }
}

/// The certificate that such a server shows, as DER.
pub(crate) fn certificate(
    address: &str,
    name: &str,
    config: &Arc<ClientConfig>,
) -> Result<Vec<u8>> {
    let mut stream = within_tls(address, name, config)?;
    while stream.conn.is_handshaking() {
        let handshake = stream.conn.complete_io(&mut stream.sock);
        handshake.map_err(|error| Error::from(error).context(format!("TLS with {address}")))?;
    }
    let shown = stream.conn.peer_certificates().and_then(<[_]>::first);
    let shown = shown.ok_or_else(|| Error::new(format!("{address} shows no certificate")))?;
    Ok(shown.to_vec())
}

fn within_tls(
    address: &str,
    name: &str,
    config: &Arc<ClientConfig>,
) -> Result<StreamOwned<ClientConnection, TcpStream>> {
    let name = ServerName::try_from(name.to_owned())
        .map_err(|error| Error::new(error.to_string()).context(format!("the name {name}")))?;
    let connection = ClientConnection::new(Arc::clone(config), name)
        .map_err(|error| Error::new(error.to_string()))?;
    Ok(StreamOwned::new(connection, connect(address)?))
}

fn connect(address: &str) -> Result<TcpStream> {
    let failed = |error| Error::from(error).context(format!("connecting to {address}"));
    let mut last = io::Error::from(ErrorKind::NotFound);
    let mut addresses = address.to_socket_addrs().map_err(failed)?;
    let stream = addresses
        .find_map(|address| {
            TcpStream::connect_timeout(&address, TIMEOUT)
                .map_err(|error| last = error)
                .ok()
        })
        .ok_or(last)
        .map_err(failed)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    Ok(stream)
}

fn is_head(message: &[u8]) -> bool {
    message.starts_with(b"HEAD ")
}

/// The answer, or why there is none.
fn told(response: Result<Response>, written: io::Result<()>) -> Result<Response> {
    match (response, written) {
        (Err(error), Err(write_error)) => {
            Err(error.context(format!("the message was not taken ({write_error})")))
        }
        (response, _) => response,
    }
}

/// What follows a head.
enum Framing {
    Nothing,
    Length(usize),
    Chunks,
    UntilClosed,
}

fn read(mut stream: impl Read, to_head: bool) -> Result<Response> {
    let mut bytes = Vec::new();
    loop {
        let closed = fill(&mut stream, &mut bytes)?;
        while let Some((response, head_length)) = parse_head(&bytes)? {
            // 100 Continue and its like come before the answer.
            if response.status < 200 {
                bytes.drain(..head_length);
                continue;
            }
            if let Some(body) = body(&response, &bytes[head_length..], closed, to_head)? {
                return Ok(Response { body, ..response });
            }
            break;
        }
        if closed {
            let so_far = String::from_utf8_lossy(&bytes);
            return Err(Error::new(format!(
                "the connection ended within the answer: `{so_far}`"
            )));
        }
    }
}

/// Reads once; whether the other side is done.
fn fill(stream: &mut impl Read, bytes: &mut Vec<u8>) -> Result<bool> {
    let mut buffer = [0; 16 * 1024];
    match stream.read(&mut buffer) {
        Ok(count) => {
            bytes.extend_from_slice(&buffer[..count]);
            Ok(count == 0)
        }
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(false),
        // Within TLS, an end that nobody announced.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(true),
        Err(error) => Err(Error::from(error).context("reading the answer")),
    }
}

fn parse_head(bytes: &[u8]) -> Result<Option<(Response, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Response::new(&mut headers);
    let parsed = head
        .parse(bytes)
        .map_err(|error| Error::new(format!("the answer is no HTTP: {error}")))?;
    let httparse::Status::Complete(length) = parsed else {
        return Ok(None);
    };
    let headers = head.headers.iter().map(|header| {
        (
            header.name.to_owned(),
            String::from_utf8_lossy(header.value).into_owned(),
        )
    });
    let response = Response {
        status: head.code.unwrap_or_default(),
        reason: head.reason.unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body: Vec::new(),
    };
    Ok(Some((response, length)))
}

/// The body, once `bytes` has all of it.
fn body(response: &Response, bytes: &[u8], closed: bool, to_head: bool) -> Result<Option<Vec<u8>>> {
    match framing(response, to_head)? {
        Framing::Nothing => Ok(Some(Vec::new())),
        Framing::Length(length) => Ok(bytes.get(..length).map(<[u8]>::to_vec)),
        Framing::Chunks => chunks(bytes),
        Framing::UntilClosed => Ok(closed.then(|| bytes.to_vec())),
    }
}

fn framing(response: &Response, to_head: bool) -> Result<Framing> {
    if to_head || matches!(response.status, 204 | 304) {
        return Ok(Framing::Nothing);
    }
    if response
        .header("Transfer-Encoding")
        .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
    {
        return Ok(Framing::Chunks);
    }
    match response.header("Content-Length") {
        None => Ok(Framing::UntilClosed),
        Some(length) => length
            .parse()
            .map(Framing::Length)
            .map_err(|_| Error::new(format!("`{length}` is no length"))),
    }
}

fn chunks(mut bytes: &[u8]) -> Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    loop {
        let size = httparse::parse_chunk_size(bytes)
            .map_err(|_| Error::new("the answer's chunks are malformed"))?;
        let httparse::Status::Complete((start, size)) = size else {
            return Ok(None);
        };
        if size == 0 {
            return Ok(Some(body));
        }
        let end = usize::try_from(size).map_err(|_| Error::new("a chunk is too large"))? + start;
        let (Some(chunk), Some(rest)) = (bytes.get(start..end), bytes.get(end + 2..)) else {
            return Ok(None);
        };
        body.extend_from_slice(chunk);
        bytes = rest;
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::Host;

    /// A server that answers each head with what `answer` makes of it; its base.
    pub(crate) fn server(answer: impl Fn(&str) -> String + Send + 'static) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = [0; 4096];
                let length = stream.read(&mut head).unwrap();
                let answer = answer(&String::from_utf8_lossy(&head[..length]));
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        format!("http://{authority}")
    }

    fn answer(bytes: &str) -> Result<Response> {
        read(bytes.as_bytes(), false)
    }

    #[test]
    fn header_names_keep_their_case() {
        let response = answer("HTTP/1.1 200 OK\r\nConTent-LENGTH: 2\r\n\r\nokmore").unwrap();
        assert_eq!(
            response.headers,
            [("ConTent-LENGTH".to_owned(), "2".to_owned())]
        );
        assert_eq!(response.header("content-length"), Some("2"));
        assert_eq!((response.status, response.reason.as_str()), (200, "OK"));
        assert_eq!(response.text(), "ok");
    }

    #[test]
    fn a_body_may_be_chunked_or_end_with_the_connection() {
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
        assert_eq!(answer(chunked).unwrap().text(), "abcde");
        assert_eq!(answer("HTTP/1.1 200 OK\r\n\r\nabc").unwrap().text(), "abc");
        assert_eq!(
            answer("HTTP/1.1 204 No Content\r\n\r\n").unwrap().text(),
            ""
        );
    }

    #[test]
    fn an_interim_answer_is_passed_over() {
        let bytes = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(answer(bytes).unwrap().status, 401);
    }

    #[test]
    fn half_an_answer_is_a_failure() {
        for bytes in [
            "",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            "nonsense\r\n\r\n",
        ] {
            assert!(answer(bytes).is_err(), "{bytes}");
        }
    }

    #[test]
    fn an_answer_before_the_message_was_taken_counts() {
        let authority =
            server(|_| "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno".to_owned());
        let host: Host = authority.parse().unwrap();
        let head = b"POST / HTTP/1.1\r\nContent-Length: 20000000\r\n\r\n";
        let message = [head.as_slice(), &vec![b'a'; 20_000_000]].concat();
        let response = host.roundtrip(&message).unwrap();
        assert_eq!((response.status, response.text().as_str()), (413, "no"));
    }
}
