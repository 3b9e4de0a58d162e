//! Addresses of back ends.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;
use url::Url;

/// The address of a back end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// HTTP over TCP.
    Http(HostPort),
    /// HTTP over TLS.
    Https(HostPort),
    /// HTTP over a Unix socket with this path.
    Unix(PathBuf),
}

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    /// A name or an IP address. IPv6 addresses have no brackets.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

/// Why a text is no address of a back end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AddressError {
    /// It is no URL with a scheme that the proxy knows.
    #[error("expected http://host:port, https://host:port or unix:/path/to/socket")]
    Format,
    /// It has a user name or a password.
    #[error("an address has no user name and no password; send credentials in a header")]
    UserInfo,
    /// It has a path, a query or a fragment.
    #[error("an address has no path and no query; paths are passed on as received")]
    Path,
    /// The path of the Unix socket is not absolute.
    #[error("the path of a Unix socket starts with a slash, as in unix:/run/backend.sock")]
    RelativeSocket,
}

impl Address {
    /// Returns what `Host` has for this address: host and port, without the port that the scheme implies. It is `localhost` for
    /// a Unix socket.
    pub fn authority(&self) -> String {
        match self {
            Self::Http(host_port) if host_port.port == 80 => host_port.bracketed(),
            Self::Https(host_port) if host_port.port == 443 => host_port.bracketed(),
            Self::Http(host_port) | Self::Https(host_port) => host_port.to_string(),
            Self::Unix(_) => "localhost".to_owned(),
        }
    }
}

impl HostPort {
    fn bracketed(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if let Some(path) = text.strip_prefix("unix:") {
            let absolute = path.starts_with('/') && !path.starts_with("//");
            return if absolute {
                Ok(Self::Unix(PathBuf::from(path)))
            } else {
                Err(AddressError::RelativeSocket)
            };
        }
        let url = Url::parse(text).map_err(|_| AddressError::Format)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::UserInfo);
        }
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(AddressError::Format);
        };
        let has_path = !matches!(url.path(), "" | "/");
        if has_path || url.query().is_some() || url.fragment().is_some() {
            return Err(AddressError::Path);
        }
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let host = host.to_owned();
        match url.scheme() {
            "http" => Ok(Self::Http(HostPort { host, port })),
            "https" => Ok(Self::Https(HostPort { host, port })),
            _ => Err(AddressError::Format),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(host_port) => write!(formatter, "http://{host_port}"),
            Self::Https(host_port) => write!(formatter, "https://{host_port}"),
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
        }
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.bracketed(), self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, AddressError};

    #[test]
    fn addresses_are_written_as_they_are_read() {
        for (text, written, authority) in [
            (
                "http://10.0.0.7:9000",
                "http://10.0.0.7:9000",
                "10.0.0.7:9000",
            ),
            ("http://a.example/", "http://a.example:80", "a.example"),
            ("https://A.example", "https://a.example:443", "a.example"),
            (
                "https://a.example:80",
                "https://a.example:80",
                "a.example:80",
            ),
            ("http://[::1]:81", "http://[::1]:81", "[::1]:81"),
            ("unix:/run/b.sock", "unix:/run/b.sock", "localhost"),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), written);
            assert_eq!(address.authority(), authority);
        }
    }

    #[test]
    fn other_texts_are_refused_with_the_reason() {
        for (text, error) in [
            ("", AddressError::Format),
            ("10.0.0.7:9000", AddressError::Format),
            ("ftp://a.example:21", AddressError::Format),
            ("http://", AddressError::Format),
            ("http://a.example:99999", AddressError::Format),
            ("http://user:secret@a.example", AddressError::UserInfo),
            ("http://a.example/path", AddressError::Path),
            ("http://a.example?query", AddressError::Path),
            ("http://a.example/#part", AddressError::Path),
            ("unix:b.sock", AddressError::RelativeSocket),
            ("unix://run/b.sock", AddressError::RelativeSocket),
        ] {
            assert_eq!(text.parse::<Address>(), Err(error), "{text}");
            assert!(!error.to_string().contains("secret"));
        }
    }
}
