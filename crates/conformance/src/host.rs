//! Whom a conversation is held with.

use std::fmt;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ConfigBuilder};
use url::Url;

use crate::http1::{self, roundtrip};
use crate::response::Response;
use crate::{Error, Result};

/// A host, by the address below which it has its routes.
#[derive(Clone)]
pub struct Host {
    /// Without a slash at its end.
    base: String,
    /// As the header `Host` has it.
    authority: String,
    /// What the base has after the authority.
    prefix: String,
    /// The same as the authority, but always with a port.
    address: String,
    tls: Option<Tls>,
}

#[derive(Clone)]
struct Tls {
    name: String,
    config: Arc<ClientConfig>,
}

impl Host {
    /// The address below which it has its routes, like `http://localhost:8080`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// As the header `Host` has it.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The first line of a request, its path put below the base.
    pub fn below(&self, request_line: &str) -> String {
        match request_line.split_once(" /") {
            Some((method, rest)) => format!("{method} {}/{rest}", self.prefix),
            None => request_line.to_owned(),
        }
    }

    /// Asks for anything at all; whatever comes back, the host is there.
    pub fn check_reachable(&self) -> Result<()> {
        self.get("/", "").map(drop)
    }

    /// Asks for a path below the base, with these lines of headers beside what is needed.
    pub fn get(&self, path: &str, headers: &str) -> Result<Response> {
        let line = self.below(&format!("GET {path} HTTP/1.1"));
        let message = format!(
            "{line}\r\nHost: {}\r\n{headers}Connection: close\r\n\r\n",
            self.authority
        );
        self.roundtrip(message.as_bytes())
    }

    /// The certificate that it shows within TLS, as DER, or why it cannot be trusted; `None` for a
    /// host without TLS.
    pub fn certificate(&self) -> Option<Result<Vec<u8>>> {
        let tls = self.tls.as_ref()?;
        Some(http1::certificate(&self.address, &tls.name, &tls.config))
    }

    /// The same host, asked by whom these files in PEM prove to be; for a host without TLS nothing changes.
    pub fn asked_by(mut self, certificate: &Path, key: &Path) -> Result<Self> {
        let Some(tls) = &mut self.tls else {
            return Ok(self);
        };
        let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect);
        let chain = chain.map_err(|error| unreadable(certificate, &error))?;
        let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, &error))?;
        let config = trust()?.with_client_auth_cert(chain, secret);
        let config = config.map_err(|error| {
            let files = format!("{} with {}", certificate.display(), key.display());
            Error::new(format!("{files}: {error}")).context("preparing TLS")
        })?;
        tls.config = Arc::new(config);
        Ok(self)
    }

    /// Sends a message as it stands and reads one answer. The body of a success goes to `file` as it
    /// comes, and not into the answer; no part of it may take longer than 30 seconds.
    pub fn download(&self, message: &[u8], file: &mut impl Write) -> Result<Response> {
        let tls = self
            .tls
            .as_ref()
            .map(|tls| (tls.name.as_str(), &tls.config));
        http1::download(&self.address, tls, message, file)
    }

    /// Sends a message as it stands and reads one answer, 30 seconds at most.
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

    /// Takes `http://` and `https://`, with a port and a path or without.
    fn from_str(text: &str) -> Result<Self> {
        let bad = |why: &str| {
            Error::new(format!(
                "`{text}` {why}, expected something like https://login.example.com"
            ))
        };
        let url = Url::parse(text).map_err(|error| bad(&format!("is no address ({error})")))?;
        let (Some(name), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(bad("names no host"));
        };
        let tls = match url.scheme() {
            "http" => None,
            "https" => Some(Tls {
                name: name.trim_matches(['[', ']']).to_owned(),
                config: Arc::new(trust()?.with_no_client_auth()),
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

/// Trusts whom the machine trusts; `SSL_CERT_FILE` names others.
fn trust() -> Result<ConfigBuilder<ClientConfig, WantsClientCert>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(error.to_string()).context("preparing TLS"))?;
    Ok(config.with_root_certificates(roots))
}

fn unreadable(file: &Path, error: &pem::Error) -> Error {
    Error::new(format!("{}: {error}", file.display())).context("reading PEM")
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
            assert_eq!(host.below("GET /x"), line);
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
