//! Resolver of the server certificate and verifier of client certificates, both replaceable at run time.

use std::sync::Arc;

use parking_lot::RwLock;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

/// Resolver that presents the current certificate to every client.
#[derive(Debug)]
pub(super) struct ReloadableCertResolver(RwLock<Arc<CertifiedKey>>);

impl ReloadableCertResolver {
    pub(super) fn new(identity: CertifiedKey) -> Self {
        Self(RwLock::new(Arc::new(identity)))
    }

    /// Replaces the certificate, and returns whether it differs from the previous one.
    pub(super) fn replace(&self, identity: CertifiedKey) -> bool {
        let mut current = self.0.write();
        let is_other = current.cert != identity.cert;
        *current = Arc::new(identity);
        is_other
    }
}

impl ResolvesServerCert for ReloadableCertResolver {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.0.read();
        Some(current.clone())
    }
}

/// Verifier of client certificates, whose authorities can be replaced.
#[derive(Debug)]
pub(super) struct ReloadableClientVerifier(RwLock<Arc<dyn ClientCertVerifier>>);

impl ReloadableClientVerifier {
    pub(super) fn new(verifier: Arc<dyn ClientCertVerifier>) -> Self {
        Self(RwLock::new(verifier))
    }

    pub(super) fn replace(&self, verifier: Arc<dyn ClientCertVerifier>) {
        *self.0.write() = verifier;
    }

    fn current(&self) -> Arc<dyn ClientCertVerifier> {
        self.0.read().clone()
    }
}

impl ClientCertVerifier for ReloadableClientVerifier {
    /// Returns no authorities: they may change, and clients work without hints.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.current()
            .verify_client_cert(end_entity, intermediates, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.current().verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.current().verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.current().supported_verify_schemes()
    }
}
