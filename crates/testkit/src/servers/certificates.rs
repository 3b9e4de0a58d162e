//! A certificate that vouches for itself, in files.

use std::fs;
use std::io::{Error, Result};

use rcgen::generate_simple_self_signed;
use tempfile::TempDir;

/// A certificate for loopback, and its key.
#[derive(Debug)]
pub struct Certificates {
    folder: TempDir,
    pem: String,
}

impl Certificates {
    /// Creates a self-signed certificate and its key, in files.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn make() -> Result<Self> {
        let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
        let made = generate_simple_self_signed(names).map_err(Error::other)?;
        let folder = TempDir::new()?;
        let pem = made.cert.pem();
        fs::write(folder.path().join("certificate.pem"), &pem)?;
        fs::write(
            folder.path().join("key.pem"),
            made.signing_key.serialize_pem(),
        )?;
        Ok(Self { folder, pem })
    }

    /// Returns the certificate, which is its own authority, as PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Returns the settings, each with its value, of a server that uses the certificate and the key for clients,
    /// replicas and other servers of its cluster.
    fn options(&self, port: u16) -> [(&'static str, String); 6] {
        let file = |name: &str| self.folder.path().join(name).display().to_string();
        [
            ("tls-port", port.to_string()),
            ("tls-cert-file", file("certificate.pem")),
            ("tls-key-file", file("key.pem")),
            ("tls-ca-cert-file", file("certificate.pem")),
            ("tls-auth-clients", "no".to_owned()),
            ("tls-replication", "yes".to_owned()),
        ]
    }

    /// Returns the arguments with which redis-server uses the certificate at `port`.
    pub(super) fn arguments(&self, port: u16) -> Vec<String> {
        let options = self.options(port).into_iter();
        options
            .flat_map(|(name, value)| [format!("--{name}"), value])
            .collect()
    }

    /// Returns the lines of a configuration with which redis-server uses the certificate at `port`.
    pub(super) fn lines(&self, port: u16) -> String {
        let options = self.options(port).into_iter();
        options.fold(String::new(), |lines, (name, value)| {
            format!("{lines}{name} {value}\n")
        })
    }
}
