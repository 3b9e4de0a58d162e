//! Settings of a reverse proxy.

use std::path::PathBuf;
use std::time::Duration;

use http::HeaderValue;
use http::uri::PathAndQuery;
use thiserror::Error;

use crate::address::Address;

/// Largest number of connections or waiting calls that can be set.
const MOST: usize = 1_000_000;

/// Settings of the proxy to one back end.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Addresses of equal servers.
    pub addresses: Vec<Address>,
    /// What `Host` is.
    pub host: HostHeader,
    /// Number of calls that are sent to all addresses together, at once.
    pub connections: usize,
    /// Number of calls that wait for a connection. More are refused.
    pub queue: usize,
    /// How long a call waits for a connection.
    pub queue_timeout: Duration,
    /// How long a connection may take to open, with its TLS handshake.
    pub connect_timeout: Duration,
    /// How long the head of the response may take, from the end of the request.
    pub response_timeout: Duration,
    /// How long a body may be without a byte in either direction.
    pub idle_timeout: Duration,
    /// How long a connection is left open for another call.
    pub keep_alive: Duration,
    /// How long an upgraded connection may be without a byte in either direction.
    pub websocket_idle_timeout: Duration,
    /// Path of health checks, with its query. Without one, an address is judged by its calls only.
    pub health_path: Option<String>,
    /// Time from one health check to the next.
    pub health_interval: Duration,
    /// Number of failures in a row after which an address gets no calls.
    pub failures: u32,
    /// How long an address gets no calls then. One call tries it afterwards.
    pub recovery: Duration,
    /// TLS of `https` addresses.
    pub tls: TlsSettings,
}

/// What `Host` is in requests to the back end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum HostHeader {
    /// As the caller has it; without one, the authority of the address.
    #[default]
    Client,
    /// The authority of the address.
    Backend,
    /// This name, with a port if it needs one.
    Name(String),
}

/// TLS of `https` addresses.
#[derive(Debug, Clone, Default)]
pub struct TlsSettings {
    /// PEM file of the authorities that are trusted instead of those of the system.
    pub ca_file: Option<PathBuf>,
    /// SHA-256 of the `SubjectPublicKeyInfo` of certificates, in Base64 (RFC 7469). The server's own certificate must be one of
    /// them, in addition to all other checks. Without any, every valid certificate is accepted.
    pub pins: Vec<String>,
    /// PEM file of the proxy's own certificate, with its chain.
    pub certificate_file: Option<PathBuf>,
    /// PEM file of the key of that certificate.
    pub key_file: Option<PathBuf>,
    /// Name that the certificate must have, instead of the host of the address.
    pub server_name: Option<String>,
}

/// Why settings cannot be used.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// There is no address.
    #[error("no address of a back end is set")]
    NoAddress,
    /// A number or a duration is outside its range.
    #[error("{setting} must be {expected}")]
    OutOfRange {
        /// Name of the setting.
        setting: &'static str,
        /// What it can be.
        expected: &'static str,
    },
    /// The name in `host` is no value of a header.
    #[error("host must be \"client\", \"backend\" or a name such as api.example.com, is {0:?}")]
    Host(String),
    /// The path of health checks is no path.
    #[error("health_path must start with a slash, as in /health, is {0:?}")]
    HealthPath(String),
    /// A pin is not 32 bytes in Base64.
    #[error("a pin must be the Base64 of 32 bytes, the SHA-256 of a public key, is {0:?}")]
    Pin(String),
    /// The name of the server is neither a DNS name nor an IP address.
    #[error("the name of the server must be a DNS name or an IP address, is {0:?}")]
    ServerName(String),
    /// A certificate without a key, or a key without a certificate.
    #[error("certificate_file and key_file must be set together")]
    HalfOfCertificate,
    /// A file cannot be read, or is not PEM.
    #[error("{} cannot be used: {reason}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The system trusts no authority.
    #[error("the system has no trusted certificates; set ca_file")]
    NoAuthorities,
    /// The library refuses the settings of TLS.
    #[error("TLS to the back end cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

impl Settings {
    /// Returns settings with the defaults of the gateway's configuration.
    pub fn new(addresses: Vec<Address>) -> Self {
        Self {
            addresses,
            host: HostHeader::Client,
            connections: 256,
            queue: 256,
            queue_timeout: Duration::from_secs(1),
            connect_timeout: Duration::from_secs(2),
            response_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_mins(1),
            keep_alive: Duration::from_secs(15),
            websocket_idle_timeout: Duration::from_mins(5),
            health_path: None,
            health_interval: Duration::from_secs(5),
            failures: 5,
            recovery: Duration::from_secs(10),
            tls: TlsSettings::default(),
        }
    }

    /// Checks everything but the files of TLS.
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        if self.addresses.is_empty() {
            return Err(SettingsError::NoAddress);
        }
        let out_of_range = |setting, expected| SettingsError::OutOfRange { setting, expected };
        if !(1..=MOST).contains(&self.connections) {
            return Err(out_of_range("connections", "from 1 to 1000000"));
        }
        if self.queue > MOST {
            return Err(out_of_range("queue", "at most 1000000"));
        }
        if self.failures == 0 {
            return Err(out_of_range("failures", "at least 1"));
        }
        let durations = [
            ("connect_timeout", self.connect_timeout),
            ("response_timeout", self.response_timeout),
            ("idle_timeout", self.idle_timeout),
            ("websocket_idle_timeout", self.websocket_idle_timeout),
            ("health_interval", self.health_interval),
        ];
        for (setting, duration) in durations {
            if duration.is_zero() {
                return Err(out_of_range(setting, "longer than 0s"));
            }
        }
        if let HostHeader::Name(name) = &self.host
            && (name.is_empty() || name.contains('/') || HeaderValue::from_str(name).is_err())
        {
            return Err(SettingsError::Host(name.clone()));
        }
        if let Some(path) = &self.health_path
            && (!path.starts_with('/') || path.parse::<PathAndQuery>().is_err())
        {
            return Err(SettingsError::HealthPath(path.clone()));
        }
        Ok(())
    }
}
