//! TLS of a client: whom it trusts, and how it identifies itself.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;

/// The files of a client of TLS.
#[derive(Debug, Clone, Default)]
pub struct TlsSettings {
    /// Certificates (PEM) of the authorities to trust, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// The certificate (PEM) by which the client identifies itself.
    pub client_certificate_file: Option<PathBuf>,
    /// The private key (PEM) of that certificate.
    pub client_key_file: Option<PathBuf>,
}

/// Why TLS cannot be set up. A message about a file begins with the name of its setting.
#[derive(Debug, Error)]
pub enum TlsError {
    /// One of the two files of the client certificate is missing.
    #[error("client_certificate_file: needs client_key_file, and the other way round")]
    HalfIdentity,
    /// A file cannot be used.
    #[error("{setting}: {}: {problem}", file.display())]
    File {
        /// The setting that names the file.
        setting: &'static str,
        /// The file.
        file: PathBuf,
        /// What is wrong with it. Holds nothing of its contents.
        problem: String,
    },
    /// The library cannot be set up.
    #[error("TLS cannot be used: {0}")]
    Library(String),
}

impl TlsSettings {
    /// Returns the settings of a client that trusts the authorities of a file, or those of the system, and has no
    /// certificate of its own.
    pub fn trusting(ca_file: Option<PathBuf>) -> Self {
        Self {
            ca_file,
            ..Self::default()
        }
    }

    /// Reads the files, and returns the configuration. On a system without certificates, no server is trusted.
    ///
    /// # Errors
    ///
    /// A [`TlsError`] if a file cannot be used.
    pub fn client_config(&self) -> Result<ClientConfig, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::Library(error.to_string()))?
            .with_root_certificates(roots(self.ca_file.as_deref())?);
        let files = (
            self.client_certificate_file.as_deref(),
            self.client_key_file.as_deref(),
        );
        match files {
            (None, None) => Ok(builder.with_no_client_auth()),
            (Some(_), None) | (None, Some(_)) => Err(TlsError::HalfIdentity),
            (Some(certificate), Some(key)) => {
                let chain = certificates("client_certificate_file", certificate)?;
                let private = PrivateKeyDer::from_pem_file(key)
                    .map_err(|error| unusable("client_key_file", key, &error))?;
                builder
                    .with_client_auth_cert(chain, private)
                    .map_err(|error| unusable("client_key_file", key, &error))
            }
        }
    }
}

/// Returns the certificates of a file, or those of the system. Fails if the file has none, or none that can be used.
fn roots(file: Option<&Path>) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    let Some(file) = file else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return Ok(roots);
    };
    for certificate in certificates("ca_file", file)? {
        roots
            .add(certificate)
            .map_err(|error| unusable("ca_file", file, &error))?;
    }
    Ok(roots)
}

fn certificates(
    setting: &'static str,
    file: &Path,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = fs::read(file).map_err(|error| unusable(setting, file, &error))?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let all = all.map_err(|error| unusable(setting, file, &error))?;
    if all.is_empty() {
        return Err(unusable(setting, file, &"has no certificate in PEM format"));
    }
    Ok(all)
}

fn unusable(setting: &'static str, file: &Path, problem: &dyn Display) -> TlsError {
    TlsError::File {
        setting,
        file: file.to_owned(),
        problem: problem.to_string(),
    }
}
