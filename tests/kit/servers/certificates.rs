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
    /// Makes them.
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

    /// The certificate, and with it the authority, as PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Where the certificate is.
    pub fn certificate_file(&self) -> String {
        self.file("certificate.pem")
    }

    /// Where the key is.
    pub fn key_file(&self) -> String {
        self.file("key.pem")
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }
}
