//! An HTTP/1.1 client that sends a message unchanged and returns the response unchanged.

mod response;

use std::io::{self, ErrorKind, Write as _};
use std::net::{Shutdown, TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use self::response::read_response;
use crate::response::Response;
use crate::{Error, Result};

const TIMEOUT: Duration = Duration::from_secs(30);

/// Sends a message unchanged to `address` (`host:port`) and returns the response. Each read and write may take 30
/// seconds.
///
/// A server may respond before it has read the whole message.
///
/// # Errors
/// The server is unreachable, or what it sends is not an HTTP response.
pub fn roundtrip(address: &str, message: &[u8]) -> Result<Response> {
    let stream = connect(address)?;
    thread::scope(|scope| {
        let writer = scope.spawn(|| (&stream).write_all(message));
        let response = read_response(&stream, is_head_request(message));
        // Ends a writer whose message the server does not read any more.
        let closed = stream.shutdown(Shutdown::Both);
        let written = writer.join();
        drop(closed);
        response_or_errors(response, written.unwrap_or(Ok(())))
    })
}

/// Sends a message unchanged over TLS to a server with a certificate for `name`, and returns the response. `Err` if the
/// server is unreachable, its certificate is not trusted, or what it sends is not an HTTP response.
pub(crate) fn encrypted(
    address: &str,
    name: &str,
    config: &Arc<ClientConfig>,
    message: &[u8],
) -> Result<Response> {
    let mut stream = connect_tls(address, name, config)?;
    let written = stream.write_all(message);
    let response = read_response(&mut stream, is_head_request(message));
    response_or_errors(response, written)
}

/// Returns a connection that starts TLS at the first write. `Err` if `name` cannot be in a certificate, or if the
/// server is unreachable.
fn connect_tls(
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

/// Connects to the first reachable address of `host:port`, with a time-out of 30 seconds. `Err` if none is reachable.
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

/// Returns true for a HEAD request, whose response has no body.
fn is_head_request(message: &[u8]) -> bool {
    message.starts_with(b"HEAD ")
}

/// Returns the response, even if the message was not written to its end. `Err` with both errors if there is no
/// response.
fn response_or_errors(response: Result<Response>, written: io::Result<()>) -> Result<Response> {
    match (response, written) {
        (Err(error), Err(write_error)) => {
            Err(error.context(format!("the message was not sent ({write_error})")))
        }
        (response, _) => response,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Read as _;
    use std::net::TcpListener;

    use super::*;
    use crate::Host;

    /// Starts a server that sends what `answer` returns for each request head. Returns its base address.
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
