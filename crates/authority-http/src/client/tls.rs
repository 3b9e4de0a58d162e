//! TLS of the client.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::{ClientError, ClientSettings};

/// Returns the configuration of TLS. Fails if a file cannot be used.
pub(super) fn config(settings: &ClientSettings) -> Result<ClientConfig, ClientError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ClientError::Tls(error.to_string()))?
        .with_root_certificates(roots(settings.ca_file.as_deref())?);
    let files = (
        settings.client_certificate_file.as_deref(),
        settings.client_key_file.as_deref(),
    );
    match files {
        (None, None) => Ok(builder.with_no_client_auth()),
        (Some(_), None) | (None, Some(_)) => Err(ClientError::HalfIdentity),
        (Some(certificate), Some(key)) => {
            let chain = certificates("client_certificate_file", certificate)?;
            let private = PrivateKeyDer::from_pem_file(key)
                .map_err(|error| unusable("client_key_file", key, error))?;
            builder
                .with_client_auth_cert(chain, private)
                .map_err(|error| unusable("client_key_file", key, error))
        }
    }
}

/// Returns the certificates of a file, or those of the system. Fails if there are none.
fn roots(file: Option<&Path>) -> Result<RootCertStore, ClientError> {
    let mut roots = RootCertStore::empty();
    let Some(file) = file else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return Some(roots)
            .filter(|roots| !roots.is_empty())
            .ok_or(ClientError::NoRoots);
    };
    for certificate in certificates("ca_file", file)? {
        roots
            .add(certificate)
            .map_err(|error| unusable("ca_file", file, error))?;
    }
    Ok(roots)
}

fn certificates(
    setting: &'static str,
    file: &Path,
) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let pem = fs::read(file).map_err(|error| unusable(setting, file, error))?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let all = all.map_err(|error| unusable(setting, file, error))?;
    if all.is_empty() {
        return Err(unusable(setting, file, "has no certificate in PEM format"));
    }
    Ok(all)
}

fn unusable(setting: &'static str, file: &Path, problem: impl ToString) -> ClientError {
    ClientError::File {
        setting,
        file: file.to_owned(),
        problem: problem.to_string(),
    }
}
