//! Reads the TLS files of a listener, and checks that they belong together.

use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::CertifiedKey;

use super::Tls;
use crate::config::ConfigError;

/// A certificate with its key, and the authorities of client certificates.
pub(crate) struct KeyMaterial {
    pub(crate) identity: CertifiedKey,
    pub(crate) clients: Option<Arc<dyn ClientCertVerifier>>,
}

impl KeyMaterial {
    /// Reads the files that the table `tls` of the section names. Fails if one cannot be read, or certificate
    /// and key do not belong together.
    pub(crate) fn read(section: &str, settings: &Tls) -> Result<Self, ConfigError> {
        let clients = settings.client_ca_file.as_deref();
        Ok(Self {
            identity: identity(section, settings)?,
            clients: clients.map(|file| verifier(section, file)).transpose()?,
        })
    }
}

/// Returns the certificate chain with its key. Fails if a file cannot be read or the two do not belong
/// together.
fn identity(section: &str, settings: &Tls) -> Result<CertifiedKey, ConfigError> {
    let certificate_key = format!("{section}.tls.certificate_file");
    let chain = certificates(&certificate_key, &settings.certificate_file)?;
    let (file, key) = (&settings.key_file, format!("{section}.tls.key_file"));
    let private = PrivateKeyDer::from_pem_slice(&content(&key, file)?)
        .map_err(|error| unreadable(&key, file, &error, "private key"))?;
    let signing = ring::sign::any_supported_type(&private).map_err(|_| {
        let reason = "expected a private key of RSA, of the curves P-256 or P-384, or Ed25519";
        ConfigError::new(&key, format!("{}: {reason}", file.display()))
    })?;
    let identity = CertifiedKey::new(chain, signing);
    match identity.keys_match() {
        Ok(()) => Ok(identity),
        Err(rustls::Error::InconsistentKeys(_)) => {
            let certificate = settings.certificate_file.display();
            let reason = format!("{} is not the key of {certificate}", file.display());
            Err(ConfigError::new(&key, reason))
        }
        Err(error) => {
            let file = settings.certificate_file.display();
            Err(ConfigError::new(
                certificate_key,
                format!("{file}: {error}"),
            ))
        }
    }
}

/// Returns the verifier of client certificates of the authorities in `file`. Fails if the file has no
/// certificate of an authority.
fn verifier(section: &str, file: &Path) -> Result<Arc<dyn ClientCertVerifier>, ConfigError> {
    let key = format!("{section}.tls.client_ca_file");
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&key, file)? {
        roots
            .add(certificate)
            .map_err(|error| ConfigError::new(&key, format!("{}: {error}", file.display())))?;
    }
    let provider = Arc::new(ring::default_provider());
    WebPkiClientVerifier::builder_with_provider(roots.into(), provider)
        .build()
        .map(|verifier| verifier as _)
        .map_err(|error| ConfigError::new(&key, format!("{}: {error}", file.display())))
}

/// Returns the certificates of a file, at least one. Fails if the file cannot be read or has no certificate in
/// PEM.
fn certificates(key: &str, file: &Path) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let content = content(key, file)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&content).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(unreadable(
            key,
            file,
            &pem::Error::NoItemsFound,
            "certificate",
        )),
        Err(error) => Err(unreadable(key, file, &error, "certificate")),
    }
}

/// Returns the bytes of a file. Fails if the path is empty or the file cannot be read.
fn content(key: &str, file: &Path) -> Result<Vec<u8>, ConfigError> {
    if file.as_os_str().is_empty() {
        return Err(ConfigError::new(key, "expected a file in PEM"));
    }
    std::fs::read(file)
        .map_err(|error| ConfigError::new(key, format!("{}: {error}", file.display())))
}

/// Returns the error for a file that is not PEM. It leaves out the parser's message, which quotes the file:
/// that may be a key.
fn unreadable(key: &str, file: &Path, error: &pem::Error, what: &str) -> ConfigError {
    let file = file.display();
    let reason = if matches!(error, pem::Error::NoItemsFound) {
        format!("{file} holds no {what} in PEM")
    } else {
        format!("{file} is not PEM: expected a {what}")
    };
    ConfigError::new(key, reason)
}
