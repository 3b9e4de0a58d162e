//! The upstream service of a proxy, which records requests and echoes over a `WebSocket`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// The service, with the heads of all requests, including trailers.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    heads: Arc<Mutex<Vec<Head>>>,
}

/// A request as received.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) line: String,
    /// Names in the form that CGI-like servers use, which cannot distinguish a dash from an underscore.
    pub(crate) headers: Vec<(String, String)>,
}

impl Head {
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
            heads: Arc::default(),
        };
        let heads = Arc::clone(&service.heads);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let heads = Arc::clone(&heads);
                thread::spawn(move || drop(answer(stream, &heads)));
            }
        });
        service
    }

    /// Returns the requests since the last call.
    pub(crate) fn received(&self) -> Vec<Head> {
        std::mem::take(&mut self.heads.lock().unwrap())
    }
}

fn answer(stream: TcpStream, heads: &Mutex<Vec<Head>>) -> std::io::Result<()> {
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
    if value("TRANSFER_ENCODING").is_some_and(|encoding| encoding.contains("chunked")) {
        skip_chunks(&mut reader)?;
        headers.extend(fields(&mut reader)?);
    } else if let Some(length) = value("CONTENT_LENGTH") {
        let length = length.parse().unwrap_or_default();
        std::io::copy(&mut (&mut reader).take(length), &mut std::io::sink())?;
    }
    let line = line.trim_end().to_owned();
    heads.lock().unwrap().push(Head { line, headers });
    if upgrades {
        return echo(&mut reader);
    }
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nservice";
    reader.get_mut().write_all(answer.as_bytes())
}

/// Switches protocols and echoes all bytes, without WebSocket frames: no proxy parses them.
fn echo(reader: &mut BufReader<TcpStream>) -> std::io::Result<()> {
    let answer =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
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

fn skip_chunks(reader: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let length = line.trim().split(';').next().unwrap_or_default();
        let length = u64::from_str_radix(length, 16).unwrap_or_default();
        if length == 0 {
            return Ok(());
        }
        std::io::copy(&mut reader.take(length + 2), &mut std::io::sink())?;
    }
}
