//! The host that a conversation is run against.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;

use rustls::ClientConfig;
use url::Url;

use crate::http1::{self, roundtrip};
use crate::response::Response;
use crate::{Error, Result};

/// A host, by the address below which it has its routes.
#[derive(Clone)]
pub struct Host {
    /// The address, without a slash at its end.
    base: String,
    /// The value of the header `Host`.
    authority: String,
    /// The path of the base.
    prefix: String,
    /// Host and port to connect to.
    address: String,
    tls: Option<Tls>,
}

#[derive(Clone)]
struct Tls {
    name: String,
    config: Arc<ClientConfig>,
}

impl Host {
    /// Returns the address below which the host has its routes, like `http://localhost:8080`, without a slash at the
    /// end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Returns the value of the header `Host`.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Returns the first line of a request with its path below the base path of the host.
    pub(crate) fn request_line(&self, request_line: &str) -> String {
        match request_line.split_once(" /") {
            Some((method, rest)) => format!("{method} {}/{rest}", self.prefix),
            None => request_line.to_owned(),
        }
    }

    /// Sends a GET to check that the host responds, with any status.
    ///
    /// # Errors
    /// The host is unreachable, or what it sends is not HTTP.
    pub fn check_reachable(&self) -> Result<()> {
        let line = self.request_line("GET / HTTP/1.1");
        let message = format!(
            "{line}\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.authority
        );
        self.roundtrip(message.as_bytes()).map(drop)
    }

    /// Sends a message unchanged and returns the response. Each read and write may take 30 seconds.
    ///
    /// # Errors
    /// The host is unreachable, its certificate is not trusted, or what it sends is not an HTTP response.
    pub fn roundtrip(&self, message: &[u8]) -> Result<Response> {
        match &self.tls {
            None => roundtrip(&self.address, message),
            Some(tls) => http1::encrypted(&self.address, &tls.name, &tls.config, message),
        }
    }
}

impl From<SocketAddr> for Host {
    fn from(address: SocketAddr) -> Self {
        Self {
            base: format!("http://{address}"),
            authority: address.to_string(),
            prefix: String::new(),
            address: address.to_string(),
            tls: None,
        }
    }
}

impl FromStr for Host {
    type Err = Error;

    /// Parses an address with `http://` or `https://` and a host, and optionally a port and a path. `Err` for any other
    /// text.
    fn from_str(text: &str) -> Result<Self> {
        let bad = |why: &str| {
            Error::new(format!(
                "`{text}` {why}, expected for example https://login.example.com"
            ))
        };
        let url = Url::parse(text).map_err(|error| bad(&format!("is not an address ({error})")))?;
        let (Some(name), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(bad("has no host"));
        };
        let tls = match url.scheme() {
            "http" => None,
            "https" => Some(Tls {
                name: name.trim_matches(['[', ']']).to_owned(),
                config: Arc::new(tls_config()?),
            }),
            _ => return Err(bad("is neither http:// nor https://")),
        };
        if !url.username().is_empty() || url.query().is_some() || url.fragment().is_some() {
            return Err(bad("has more than a host, a port and a path"));
        }
        let authority = match url.port() {
            Some(port) => format!("{name}:{port}"),
            None => name.to_owned(),
        };
        let prefix = url.path().trim_end_matches('/').to_owned();
        Ok(Self {
            base: format!("{}://{authority}{prefix}", url.scheme()),
            address: format!("{name}:{port}"),
            authority,
            prefix,
            tls,
        })
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Host").field(&self.base).finish()
    }
}

/// Returns a TLS configuration that trusts the certificate authorities of the machine, or those in the file that the
/// environment variable `SSL_CERT_FILE` names. `Err` if TLS cannot be set up.
fn tls_config() -> Result<ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(error.to_string()).context("preparing TLS"))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Host {
        text.parse().unwrap()
    }

    #[test]
    fn a_base_is_taken_apart() {
        for (text, base, authority, address, line) in [
            (
                "http://localhost:8080",
                "http://localhost:8080",
                "localhost:8080",
                "localhost:8080",
                "GET /x",
            ),
            (
                "https://login.example.com/",
                "https://login.example.com",
                "login.example.com",
                "login.example.com:443",
                "GET /x",
            ),
            (
                "http://[::1]/legacy/",
                "http://[::1]/legacy",
                "[::1]",
                "[::1]:80",
                "GET /legacy/x",
            ),
        ] {
            let host = host(text);
            assert_eq!(
                (host.base(), host.authority(), host.address.as_str()),
                (base, authority, address)
            );
            assert_eq!(host.request_line("GET /x"), line);
        }
    }

    #[test]
    fn what_is_no_base_is_refused_with_an_example() {
        for text in [
            "localhost:8080",
            "ftp://localhost",
            "http://",
            "http://u:p@localhost",
            "http://localhost?x",
            "http://localhost#x",
            "",
        ] {
            let error = text.parse::<Host>().unwrap_err().to_string();
            assert!(error.ends_with("https://login.example.com"), "{error}");
        }
    }
}
