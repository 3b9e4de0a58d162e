//! Public keys that a server must have, in addition to a valid certificate (RFC 7469).

use std::sync::Arc;

use data_encoding::BASE64;
use ring::digest::{SHA256, digest};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use crate::settings::SettingsError;

/// SHA-256 of a `SubjectPublicKeyInfo`.
pub(crate) type Pin = [u8; 32];

/// Parses pins in Base64.
///
/// # Errors
/// One is not 32 bytes in Base64.
pub(crate) fn parse_pins(texts: &[String]) -> Result<Vec<Pin>, SettingsError> {
    let parse = |text: &String| {
        let bytes = BASE64.decode(text.as_bytes()).ok();
        let pin = bytes.and_then(|bytes| Pin::try_from(bytes).ok());
        pin.ok_or_else(|| SettingsError::Pin(text.clone()))
    };
    texts.iter().map(parse).collect()
}

/// Accepts valid certificates with one of the pinned keys.
#[derive(Debug)]
pub(crate) struct PinnedVerifier {
    chain: Arc<WebPkiServerVerifier>,
    pins: Vec<Pin>,
}

impl PinnedVerifier {
    pub(crate) fn new(chain: Arc<WebPkiServerVerifier>, pins: Vec<Pin>) -> Self {
        Self { chain, pins }
    }
}

impl ServerCertVerifier for PinnedVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.chain.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )?;
        // Only the server's own key: anybody can send a certificate of another key along with the chain.
        let key = ParsedCertificate::try_from(end_entity)?.subject_public_key_info();
        let pin = digest(&SHA256, &key);
        if self.pins.iter().any(|pinned| pinned == pin.as_ref()) {
            Ok(verified)
        } else {
            let refused = CertificateError::ApplicationVerificationFailure;
            Err(Error::InvalidCertificate(refused))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}
