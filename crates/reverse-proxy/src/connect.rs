//! Opens connections to back ends.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

use crate::address::{Address, HostPort};
use crate::error::SendError;
use crate::settings::{Settings, SettingsError};
use crate::tls::client_config;

/// A connection to a back end.
pub(crate) type Stream = Either<TcpStream, Either<Box<TlsStream<TcpStream>>, UnixStream>>;

/// Opens connections.
pub(crate) struct Connector {
    /// `None` if no address has TLS.
    tls: Option<Arc<ClientConfig>>,
    server_name: Option<ServerName<'static>>,
    connect_timeout: Duration,
}

impl Connector {
    /// Reads the files of TLS if an address needs it.
    pub(crate) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let server_name = settings.tls.server_name.as_deref().map(parse_server_name);
        let mut https = settings
            .addresses
            .iter()
            .filter_map(|address| match address {
                Address::Https(host_port) => Some(host_port),
                Address::Http(_) | Address::Unix(_) => None,
            });
        if settings.tls.server_name.is_none() {
            for host_port in https.clone() {
                parse_server_name(&host_port.host)?;
            }
        }
        let tls = match https.next() {
            Some(_) => Some(Arc::new(client_config(&settings.tls)?)),
            None => None,
        };
        Ok(Self {
            tls,
            server_name: server_name.transpose()?,
            connect_timeout: settings.connect_timeout,
        })
    }

    /// Opens a connection to an address.
    ///
    /// # Errors
    /// `Unreachable` or `TimedOut`. The reason is logged, under the name of the back end.
    pub(crate) async fn connect(
        &self,
        name: &'static str,
        address: &Address,
    ) -> Result<Stream, SendError> {
        let error = match timeout(self.connect_timeout, self.open(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => {
                tracing::warn!(backend = name, %address, %error, "cannot connect to the back end");
                SendError::Unreachable
            }
            Err(_) => {
                tracing::warn!(backend = name, %address, "connecting to the back end took too long");
                SendError::TimedOut
            }
        };
        Err(error)
    }

    /// Opens a connection without a time limit.
    pub(crate) async fn open(&self, address: &Address) -> io::Result<Stream> {
        match address {
            Address::Http(host_port) => Ok(Either::Left(open_tcp(host_port).await?)),
            Address::Https(host_port) => {
                let stream = self.open_tls(host_port).await?;
                Ok(Either::Right(Either::Left(Box::new(stream))))
            }
            Address::Unix(path) => {
                let stream = UnixStream::connect(path).await?;
                Ok(Either::Right(Either::Right(stream)))
            }
        }
    }

    async fn open_tls(&self, host_port: &HostPort) -> io::Result<TlsStream<TcpStream>> {
        let config = self.tls.clone().ok_or(io::ErrorKind::Unsupported)?;
        let server_name = match &self.server_name {
            Some(name) => name.clone(),
            None => ServerName::try_from(host_port.host.clone()).map_err(io::Error::other)?,
        };
        let stream = open_tcp(host_port).await?;
        TlsConnector::from(config)
            .connect(server_name, stream)
            .await
    }
}

async fn open_tcp(host_port: &HostPort) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host_port.host.as_str(), host_port.port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn parse_server_name(name: &str) -> Result<ServerName<'static>, SettingsError> {
    let parsed = ServerName::try_from(name.to_owned());
    parsed.map_err(|_| SettingsError::ServerName(name.to_owned()))
}
