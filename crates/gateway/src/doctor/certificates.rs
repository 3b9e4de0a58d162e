//! Checks of the certificates that clients see.

use std::io::{self, ErrorKind};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use isogloss_core::{Clock as _, SystemClock};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use x509_parser::parse_x509_certificate;

use super::{Finding, Findings};
use crate::config::{BaseUrl, Config};
use crate::http_client::{TIMEOUT, system_roots};

const CHECK: &str = "certificate";

/// Fewer days are worth a warning: most are renewed a month before.
const SOON: i64 = 21;

/// Connects to a host, and checks that its certificate is for its name, trusted and not about to expire. Adds
/// the result to `findings`.
pub(super) fn check_host(host: &BaseUrl, findings: &mut Findings) {
    if !host.is_https() {
        findings.add(Finding::warning(
            CHECK,
            format!(
                "{} is not HTTPS: passwords can be read on their way",
                host.as_str()
            ),
            "configure TLS in the proxy, or with server.tls",
        ));
        return;
    }
    match fetch_certificate(host) {
        Ok(certificate) => check_validity(&certificate, findings),
        Err(error) => findings.add(Finding::failed(
            CHECK,
            format!("{error:#}"),
            "clients get the same error. For your own certificate authority, set SSL_CERT_FILE=ca.pem",
        )),
    }
}

/// Returns the certificate that a host presents in a TLS handshake, as DER.
///
/// # Errors
/// The host cannot be connected to, or has no certificate that the system trusts.
fn fetch_certificate(host: &BaseUrl) -> Result<Vec<u8>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(system_roots());
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.host().to_owned())?;
    let mut tls = ClientConnection::new(Arc::new(config), name)?;
    let authority = host.authority();
    let mut socket = connect(&authority).with_context(|| format!("connecting to {authority}"))?;
    while tls.is_handshaking() {
        let handshake = tls.complete_io(&mut socket);
        handshake.with_context(|| format!("TLS with {authority}"))?;
    }
    let shown = tls.peer_certificates().and_then(<[_]>::first);
    let shown = shown.with_context(|| format!("{authority} shows no certificate"))?;
    Ok(shown.to_vec())
}

/// Connects to the first address of a host that accepts a connection. Fails with the error of the last address.
fn connect(authority: &str) -> io::Result<TcpStream> {
    let mut error = io::Error::from(ErrorKind::NotFound);
    for address in authority.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, TIMEOUT) {
            Ok(socket) => {
                socket.set_read_timeout(Some(TIMEOUT))?;
                socket.set_write_timeout(Some(TIMEOUT))?;
                return Ok(socket);
            }
            Err(refused) => error = refused,
        }
    }
    Err(error)
}

/// Checks the certificate files of our own listeners, in which a new certificate appears first. Adds the
/// results to `findings`.
pub(super) fn check_files(config: &Config, findings: &mut Findings) {
    let own = [&config.sections.server.tls, &config.sections.management.tls];
    for tls in own.into_iter().flatten() {
        let file = tls.certificate_file.display();
        let certificate = std::fs::read(&tls.certificate_file)
            .map_err(|error| format!("{file}: {error}"))
            .and_then(|text| {
                let found = CertificateDer::pem_slice_iter(&text).next();
                let found = found.and_then(Result::ok);
                found.ok_or_else(|| format!("{file} contains no certificate"))
            });
        match certificate {
            Ok(certificate) => check_validity(&certificate, findings),
            Err(text) => findings.add(Finding::failed(CHECK, text, "check certificate_file")),
        }
    }
}

/// Checks how long a certificate is valid. Adds the result to `findings`.
fn check_validity(certificate: &[u8], findings: &mut Findings) {
    let Ok((_, certificate)) = parse_x509_certificate(certificate) else {
        findings.add(Finding::failed(CHECK, "cannot be read", "renew it"));
        return;
    };
    let ends = certificate.validity().not_after.timestamp();
    let days = (ends - SystemClock.now().unix_timestamp()) / (24 * 60 * 60);
    findings.add(if days < SOON {
        Finding::warning(
            CHECK,
            format!("is valid for {days} days"),
            "check that it is renewed, and that the proxy uses the new one",
        )
    } else {
        Finding::ok(CHECK, format!("is valid for {days} days"))
    });
}
