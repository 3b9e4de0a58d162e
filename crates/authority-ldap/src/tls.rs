//! TLS of connections to servers.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use isogloss_core::authority::{Cause, CauseKind};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::LdapSettingsError;

/// Returns what makes connections secure, with the authorities of a file or those of the system. Fails if the file
/// cannot be used, or if there are no authorities.
pub(crate) fn connector(ca_file: Option<&Path>) -> Result<TlsConnector, LdapSettingsError> {
    let mut roots = RootCertStore::empty();
    if let Some(file) = ca_file {
        let unusable = |problem: String| LdapSettingsError::CaFile {
            file: file.to_owned(),
            problem,
        };
        let pem = fs::read(file).map_err(|error| unusable(error.to_string()))?;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
            let added = roots.add(certificate);
            added.map_err(|error| unusable(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(unusable("has no certificate in PEM format".to_owned()));
        }
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let provider = Arc::new(ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| LdapSettingsError::Tls(error.to_string()))?;
    let config = builder.with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Makes a connection secure. Fails if the server's certificate is not valid for the host, or if TLS fails.
pub(crate) async fn secure(
    connector: &TlsConnector,
    host: &str,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, Cause> {
    let name = ServerName::try_from(host.to_owned());
    let name = name.map_err(|error| Cause::new(CauseKind::Tls, error))?;
    let secured = connector.connect(name, stream).await;
    secured.map_err(|error| Cause::new(CauseKind::Tls, error))
}

/// Returns the version of TLS, and whose certificate the server has until when.
pub(crate) fn description(stream: &TlsStream<TcpStream>) -> String {
    let (_, session) = stream.get_ref();
    let version = match session.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2",
        Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
        _ => "TLS",
    };
    let certificate = session.peer_certificates().and_then(<[_]>::first);
    let parsed = certificate.and_then(|der| X509Certificate::from_der(der).ok());
    parsed.map_or_else(
        || version.to_owned(),
        |(_, certificate)| {
            let (subject, end) = (certificate.subject(), certificate.validity().not_after);
            format!("{version}, certificate of `{subject}`, valid until {end}")
        },
    )
}
