//! A certificate and its key, in files.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::generate_simple_self_signed;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A self-signed certificate for loopback and its key, both as PEM.
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Pair {
    pub(crate) fn make() -> Self {
        let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
        let made = generate_simple_self_signed(names).unwrap();
        Self {
            certificate: made.cert.pem(),
            key: made.signing_key.serialize_pem(),
        }
    }

    pub(crate) fn certificate(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()
    }

    pub(crate) fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap()
    }
}

/// Folder with the certificate and key of a gateway.
pub(crate) struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    pub(crate) fn with(pair: &Pair) -> Self {
        let files = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        files.write(pair);
        files
    }

    pub(crate) fn write(&self, pair: &Pair) {
        self.put("certificate.pem", &pair.certificate);
        self.put("key.pem", &pair.key);
    }

    /// Replaces a file atomically.
    pub(crate) fn put(&self, name: &str, text: &str) {
        let fresh = self.path("fresh");
        fs::write(&fresh, text).unwrap();
        fs::rename(fresh, self.path(name)).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns the table of a configuration that names these files.
    pub(crate) fn table(&self, section: &str) -> String {
        let shown = |path: &Path| path.display().to_string();
        format!(
            "[{section}.tls]\ncertificate_file = \"{}\"\nkey_file = \"{}\"\n",
            shown(&self.path("certificate.pem")),
            shown(&self.path("key.pem")),
        )
    }
}
