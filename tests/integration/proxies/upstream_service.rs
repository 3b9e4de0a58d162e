//! The upstream service of a proxy, which records requests and echoes over a `WebSocket`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// The service, with all requests: their heads, including trailers, and their bodies.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<ReceivedRequest>>>,
}

/// A request as received.
#[derive(Debug, Clone)]
pub(crate) struct ReceivedRequest {
    pub(crate) line: String,
    /// Names in the form that CGI-like servers use, which cannot distinguish a dash from an underscore.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl ReceivedRequest {
    /// Returns all values of a header.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let name = variable(name);
        let headers = self.headers.iter();
        headers
            .filter(|(other, _)| *other == name)
            .map(|(_, value)| value.as_str())
            .collect()
    }
}

/// Returns the name in the form of CGI: `X-Isogloss-User` becomes `X_ISOGLOSS_USER`.
pub(crate) fn variable(name: &str) -> String {
    name.trim().to_uppercase().replace('-', "_")
}

impl Service {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let service = Self {
            address: listener.local_addr().unwrap(),
            requests: Arc::default(),
        };
        let requests = Arc::clone(&service.requests);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let requests = Arc::clone(&requests);
                thread::spawn(move || drop(answer(stream, &requests)));
            }
        });
        service
    }

    /// Returns the requests since the last call.
    pub(crate) fn received(&self) -> Vec<ReceivedRequest> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }
}

fn answer(stream: TcpStream, requests: &Mutex<Vec<ReceivedRequest>>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(());
    }
    let mut headers = fields(&mut reader)?;
    let value = |name: &str| {
        let found = headers.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.to_lowercase())
    };
    let upgrades = value("UPGRADE").is_some_and(|to| to == "websocket")
        && value("CONNECTION").is_some_and(|options| options.contains("upgrade"));
    let mut body = Vec::new();
    if value("TRANSFER_ENCODING").is_some_and(|encoding| encoding.contains("chunked")) {
        body = chunks(&mut reader)?;
        headers.extend(fields(&mut reader)?);
    } else if let Some(length) = value("CONTENT_LENGTH") {
        let length = length.parse().unwrap_or_default();
        (&mut reader).take(length).read_to_end(&mut body)?;
    }
    let line = line.trim_end().to_owned();
    let request = ReceivedRequest {
        line,
        headers,
        body,
    };
    requests.lock().unwrap().push(request);
    if upgrades {
        return echo(&mut reader);
    }
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nservice";
    reader.get_mut().write_all(answer.as_bytes())
}

/// Switches protocols and echoes all bytes, without WebSocket frames: no proxy parses them.
fn echo(reader: &mut BufReader<TcpStream>) -> std::io::Result<()> {
    // The response to the key of RFC 6455, section 1.3, which HAProxy checks.
    let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                  Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    reader.get_mut().write_all(answer.as_bytes())?;
    let mut bytes = [0; 16];
    loop {
        let count = reader.read(&mut bytes)?;
        if count == 0 {
            return Ok(());
        }
        reader.get_mut().write_all(&bytes[..count])?;
    }
}

fn fields(reader: &mut impl BufRead) -> std::io::Result<Vec<(String, String)>> {
    let mut fields = Vec::new();
    loop {
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line)?;
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        let Some((name, value)) = line.split_once(':') else {
            return Ok(fields);
        };
        fields.push((variable(name), value.trim().to_owned()));
    }
}

fn chunks(reader: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let length = line.trim().split(';').next().unwrap_or_default();
        let length = u64::from_str_radix(length, 16).unwrap_or_default();
        if length == 0 {
            return Ok(body);
        }
        reader.by_ref().take(length).read_to_end(&mut body)?;
        reader.read_line(&mut line)?;
    }
}
