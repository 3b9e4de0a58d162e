//! TLS to back ends: trusted authorities, pins, names and the proxy's own certificate.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use data_encoding::BASE64;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    PublicKeyData as _,
};
use ring::digest::{SHA256, digest};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tempfile::TempDir;
use tokio::join;
use tokio_rustls::TlsAcceptor;

use super::backend::{Backend, Peer};
use super::calls::{body_of, get, worker};
use crate::{Address, ReverseProxy, SendError, Settings, SettingsError, TlsSettings};

/// An authority, and certificates of it for a server and for the proxy.
struct Certificates {
    folder: TempDir,
    server: CertificateDer<'static>,
    server_key: KeyPair,
    authority: CertificateDer<'static>,
}

impl Certificates {
    fn issue(server_name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let params = CertificateParams::new([server_name.to_owned()]).unwrap();
        let server_key = KeyPair::generate().unwrap();
        let server = params.signed_by(&server_key, &authority).unwrap();
        let mut params = CertificateParams::new(["gateway.example".to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let client_key = KeyPair::generate().unwrap();
        let client = params.signed_by(&client_key, &authority).unwrap();
        for (name, pem) in [
            ("ca.pem", authority.pem()),
            ("client.pem", client.pem()),
            ("client.key", client_key.serialize_pem()),
        ] {
            fs::write(folder.path().join(name), pem).unwrap();
        }
        Self {
            folder,
            server: server.der().clone(),
            server_key,
            authority: authority.der().clone(),
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn trusting(&self) -> TlsSettings {
        TlsSettings {
            ca_file: Some(self.file("ca.pem")),
            ..TlsSettings::default()
        }
    }

    /// Returns the pin of the server's key.
    fn pin(&self) -> String {
        let key = self.server_key.subject_public_key_info();
        BASE64.encode(digest(&SHA256, &key).as_ref())
    }

    fn acceptor(&self, client_certificate: bool) -> TlsAcceptor {
        let provider = Arc::new(default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let builder = if client_certificate {
            let mut roots = RootCertStore::empty();
            roots.add(self.authority.clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivateKeyDer::try_from(self.server_key.serialize_der()).unwrap();
        let config = builder.with_single_cert(vec![self.server.clone()], key);
        Arc::new(config.unwrap()).into()
    }
}

/// Sends a call to a server with these certificates.
async fn send(
    certificates: &Certificates,
    tls: TlsSettings,
    client_certificate: bool,
) -> Result<actix_web::web::Bytes, SendError> {
    let backend = Backend::listen().await;
    let mut settings = Settings::new(vec![Address::Https(backend.host_port())]);
    settings.tls = tls;
    let worker = worker(settings);
    let acceptor = certificates.acceptor(client_certificate);
    let server = async {
        let peer = backend.accept().await;
        let Ok(stream) = acceptor.accept(peer.stream).await else {
            return;
        };
        let mut peer = Peer::new(stream);
        if peer.try_head().await.is_some() {
            peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                .await;
        }
    };
    let client = async { Ok(body_of(worker.send(get("/")).await?).await.unwrap()) };
    let (body, ()) = join!(client, server);
    body
}

#[actix_web::test]
async fn a_server_of_a_trusted_authority_is_accepted() {
    let certificates = Certificates::issue("127.0.0.1");
    let body = send(&certificates, certificates.trusting(), false).await;
    assert_eq!(body.unwrap(), "ok");
}

#[actix_web::test]
async fn a_server_of_another_authority_is_refused() {
    let certificates = Certificates::issue("127.0.0.1");
    let other = Certificates::issue("127.0.0.1");
    let body = send(&certificates, other.trusting(), false).await;
    assert!(matches!(body, Err(SendError::Unreachable)));
}

#[actix_web::test]
async fn a_server_with_another_name_is_refused_unless_the_settings_name_it() {
    let certificates = Certificates::issue("inner.example");
    let mut tls = certificates.trusting();
    let body = send(&certificates, tls.clone(), false).await;
    assert!(matches!(body, Err(SendError::Unreachable)));
    tls.server_name = Some("inner.example".to_owned());
    let body = send(&certificates, tls, false).await;
    assert_eq!(body.unwrap(), "ok");
}

#[actix_web::test]
async fn a_server_must_have_one_of_the_pinned_keys() {
    let certificates = Certificates::issue("127.0.0.1");
    let wrong = Certificates::issue("127.0.0.1").pin();
    let mut tls = certificates.trusting();
    tls.pins = vec![wrong.clone()];
    let body = send(&certificates, tls.clone(), false).await;
    assert!(matches!(body, Err(SendError::Unreachable)));
    tls.pins = vec![wrong, certificates.pin()];
    let body = send(&certificates, tls, false).await;
    assert_eq!(body.unwrap(), "ok");
}

#[actix_web::test]
async fn a_pinned_key_of_another_authority_is_refused() {
    let certificates = Certificates::issue("127.0.0.1");
    let other = Certificates::issue("127.0.0.1");
    let mut tls = other.trusting();
    tls.pins = vec![certificates.pin()];
    let body = send(&certificates, tls, false).await;
    assert!(matches!(body, Err(SendError::Unreachable)));
}

#[actix_web::test]
async fn the_proxy_presents_its_certificate() {
    let certificates = Certificates::issue("127.0.0.1");
    let mut tls = certificates.trusting();
    let body = send(&certificates, tls.clone(), true).await;
    assert!(matches!(body, Err(SendError::Unreachable)));
    tls.certificate_file = Some(certificates.file("client.pem"));
    tls.key_file = Some(certificates.file("client.key"));
    let body = send(&certificates, tls, true).await;
    assert_eq!(body.unwrap(), "ok");
}

#[test]
fn settings_of_tls_that_cannot_be_used_are_refused() {
    let certificates = Certificates::issue("127.0.0.1");
    let refusal = |change: fn(&Certificates, &mut TlsSettings)| {
        let mut settings = Settings::new(vec!["https://127.0.0.1".parse().unwrap()]);
        settings.tls = certificates.trusting();
        change(&certificates, &mut settings.tls);
        ReverseProxy::new("test", settings).err().unwrap()
    };
    let error = refusal(|files, tls| tls.ca_file = Some(files.file("missing.pem")));
    assert!(matches!(error, SettingsError::File { .. }), "{error}");
    let error = refusal(|files, tls| tls.ca_file = Some(files.file("client.key")));
    assert!(matches!(error, SettingsError::File { .. }), "{error}");
    let error = refusal(|files, tls| tls.certificate_file = Some(files.file("client.pem")));
    assert!(matches!(error, SettingsError::HalfOfCertificate), "{error}");
    let error = refusal(|files, tls| {
        tls.certificate_file = Some(files.file("ca.pem"));
        tls.key_file = Some(files.file("client.key"));
    });
    assert!(matches!(error, SettingsError::File { .. }), "{error}");
    let error = refusal(|_, tls| tls.pins = vec!["c2hvcnQ=".to_owned()]);
    assert!(matches!(error, SettingsError::Pin(_)), "{error}");
    let error = refusal(|_, tls| tls.server_name = Some("no name".to_owned()));
    assert!(matches!(error, SettingsError::ServerName(_)), "{error}");
}
