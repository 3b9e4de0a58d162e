//! A TLS client with a persistent connection.

use std::io::{Read, Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use isogloss_testkit::Response;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion, version,
};

use crate::tls::certificate_pair::Pair;
use isogloss_testkit::parse_complete_response;

const PATIENCE: Duration = Duration::from_secs(30);
const BOTH: &[&SupportedProtocolVersion] = &[&version::TLS12, &version::TLS13];

/// A connection over TLS.
pub(crate) struct Client(StreamOwned<ClientConnection, TcpStream>);

impl Client {
    /// Connects, and trusts only that certificate.
    pub(crate) fn connect(server: SocketAddr, trusted: &Pair) -> Result<Self> {
        Self::connect_by(server, trusted, BOTH, None)
    }

    /// Connects with only these versions of TLS, and with a client certificate.
    pub(crate) fn connect_by(
        server: SocketAddr,
        trusted: &Pair,
        versions: &[&'static SupportedProtocolVersion],
        own: Option<&Pair>,
    ) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(trusted.certificate()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match own {
            None => config.with_no_client_auth(),
            Some(own) => config
                .with_client_auth_cert(vec![own.certificate()], own.key())
                .unwrap(),
        };
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let name = server.ip().into();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let stream = TcpStream::connect(server)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut stream = StreamOwned::new(connection, stream);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self(stream))
    }

    /// Returns the certificate of the server.
    pub(crate) fn certificate(&self) -> CertificateDer<'static> {
        self.0.conn.peer_certificates().unwrap()[0]
            .clone()
            .into_owned()
    }

    pub(crate) fn version(&self) -> rustls::ProtocolVersion {
        self.0.conn.protocol_version().unwrap()
    }

    pub(crate) fn protocol(&self) -> Option<&[u8]> {
        self.0.conn.alpn_protocol()
    }

    /// Sends the message unchanged.
    pub(crate) fn send(&mut self, message: &str) -> Result<()> {
        self.0.write_all(message.as_bytes())?;
        self.0.flush()
    }

    /// Sends a request and leaves the connection open. Returns the response.
    pub(crate) fn get(&mut self, path: &str) -> Result<Response> {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: isogloss\r\n\r\n"))?;
        self.answer()
    }

    pub(crate) fn answer(&mut self) -> Result<Response> {
        let mut received = Vec::new();
        loop {
            let mut buffer = [0; 4096];
            let count = self.0.read(&mut buffer)?;
            if count == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            received.extend_from_slice(&buffer[..count]);
            if let Some(answer) = parse_complete_response(&received) {
                return Ok(answer);
            }
        }
    }

    /// Returns whether the server closes the connection within 30 seconds.
    pub(crate) fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Ok(_) => true,
            Err(error) => !matches!(
                error.kind(),
                std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
            ),
        }
    }
}
