//! TLS of requests: trusted authorities and the client's own certificate.

use std::path::Path;
use std::sync::Arc;
use std::{fmt, fs};

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};

use super::RequestError;

/// Returns the certificates of the authorities that the system trusts, or those of `SSL_CERT_FILE`.
pub(crate) fn system_roots() -> Vec<CertificateDer<'static>> {
    rustls_native_certs::load_native_certs().certs
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// Returns a configuration that trusts [`system_roots`], and presents `client` if there is one.
pub(super) fn tls_config(client: Option<ClientCert>) -> TlsConfig {
    let roots = system_roots();
    let roots = roots
        .iter()
        .map(|root| Certificate::from_der(root).to_owned());
    TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(roots.collect())))
        .client_cert(client)
        .unversioned_rustls_crypto_provider(provider())
        .build()
}

/// Reads a certificate and its key. Fails if a file cannot be read or is not PEM, or the key is of another
/// certificate: the library would panic on it.
pub(super) fn client_certificate(
    certificate: &Path,
    key: &Path,
) -> Result<ClientCert, RequestError> {
    let chain = CertificateDer::pem_file_iter(certificate);
    let chain = chain.and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| unusable(certificate, error))?;
    let pem = fs::read(key).map_err(|error| unusable(key, error))?;
    let secret = PrivateKeyDer::from_pem_slice(&pem).map_err(|error| unusable(key, error))?;
    let own = PrivateKey::from_pem(&pem).map_err(|error| unusable(key, error))?;
    let certificates: Vec<_> = chain
        .iter()
        .map(|one| Certificate::from_der(one).to_owned())
        .collect();
    CertifiedKey::from_der(chain, secret, &provider()).map_err(|error| {
        let key = key.display();
        unusable(certificate, format_args!("does not fit {key}: {error}"))
    })?;
    Ok(ClientCert::new_with_certs(&certificates, own))
}

/// Returns the error of a file that cannot be used.
fn unusable(file: &Path, reason: impl fmt::Display) -> RequestError {
    RequestError::ClientCertificate {
        file: file.to_owned(),
        reason: reason.to_string(),
    }
}
