//! The TLS configuration of connections to back ends.

use std::path::Path;
use std::sync::Arc;
use std::{fmt, fs};

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::pins::{PinnedVerifier, parse_pins};
use crate::settings::{SettingsError, TlsSettings};

/// Reads the files of the settings.
///
/// # Errors
/// A file cannot be used, a pin has a wrong format, or no authority is trusted.
pub(crate) fn client_config(settings: &TlsSettings) -> Result<ClientConfig, SettingsError> {
    let pins = parse_pins(&settings.pins)?;
    let provider = Arc::new(ring::default_provider());
    let verifier = server_verifier(settings, &provider)?;
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = if pins.is_empty() {
        builder.with_webpki_verifier(verifier)
    } else {
        let verifier = Arc::new(PinnedVerifier::new(verifier, pins));
        builder
            .dangerous()
            .with_custom_certificate_verifier(verifier)
    };
    let mut config = match (&settings.certificate_file, &settings.key_file) {
        (None, None) => builder.with_no_client_auth(),
        (Some(certificate), Some(key)) => {
            let secret = PrivateKeyDer::from_pem_slice(&read(key)?);
            let secret = secret.map_err(|error| unusable(key, error))?;
            builder
                .with_client_auth_cert(read_certificates(certificate)?, secret)
                .map_err(|error| unusable(certificate, error))?
        }
        (Some(_), None) | (None, Some(_)) => return Err(SettingsError::HalfOfCertificate),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn server_verifier(
    settings: &TlsSettings,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, SettingsError> {
    let mut roots = RootCertStore::empty();
    match &settings.ca_file {
        Some(file) => {
            for certificate in read_certificates(file)? {
                roots
                    .add(certificate)
                    .map_err(|error| unusable(file, error))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let builder = WebPkiServerVerifier::builder_with_provider(roots.into(), Arc::clone(provider));
    builder.build().map_err(|_| SettingsError::NoAuthorities)
}

/// Reads all certificates of a PEM file, of which there must be one.
fn read_certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, SettingsError> {
    let pem = read(file)?;
    let certificates = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|error| unusable(file, error))?;
    if certificates.is_empty() {
        return Err(unusable(file, "it has no certificate in PEM format"));
    }
    Ok(certificates)
}

fn read(file: &Path) -> Result<Vec<u8>, SettingsError> {
    fs::read(file).map_err(|error| unusable(file, error))
}

fn unusable(file: &Path, reason: impl fmt::Display) -> SettingsError {
    SettingsError::File {
        file: file.to_owned(),
        reason: reason.to_string(),
    }
}
