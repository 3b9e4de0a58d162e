//! TLS of connections to servers.

use std::path::Path;
use std::sync::Arc;

use isogloss_authority::TlsSettings;
use isogloss_core::authority::{Cause, CauseKind};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::LdapSettingsError;

/// Returns what makes connections secure, with the authorities of a file or those of the system. Fails if the file
/// cannot be used.
pub(crate) fn connector(ca_file: Option<&Path>) -> Result<TlsConnector, LdapSettingsError> {
    let settings = TlsSettings::trusting(ca_file.map(Path::to_owned));
    Ok(TlsConnector::from(Arc::new(settings.client_config()?)))
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
