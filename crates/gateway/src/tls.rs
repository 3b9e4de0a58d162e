//! TLS of a listener. Its certificate can be replaced while connections stay open.
//!
//! HTTP/1.1 only: HTTP/2 sends all header names in lower case, and a client of Memsource requires the spelling
//! `Content-Type`.

mod cert_resolver;
mod file_watch;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use metrics::gauge;
use parking_lot::Mutex;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{error, info};
use x509_parser::parse_x509_certificate;

use self::cert_resolver::{ReloadableCertResolver, ReloadableClientVerifier};
use self::file_watch::WatchedFiles;
use crate::config::{self, ConfigError, KeyMaterial};

/// How often the files are checked. A change is applied once two checks have found the same state: a certificate
/// and its key are rarely written at the same time.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// Records when the certificate of a listener ends. Does nothing if it cannot be parsed: clients may accept it.
fn record_end(section: &'static str, identity: &CertifiedKey) {
    let certificate = identity.cert.first();
    let parsed = certificate.and_then(|certificate| parse_x509_certificate(certificate).ok());
    if let Some((_, certificate)) = parsed {
        let end = certificate.validity().not_after.timestamp();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        gauge!("isogloss_certificate_end_seconds", "section" => section).set(end as f64);
    }
}

/// TLS identity of a listener: its certificate, and the verifier of client certificates.
pub(crate) struct TlsIdentity {
    /// Section of the configuration: `server` or `management`.
    section: &'static str,
    certificate: Arc<ReloadableCertResolver>,
    clients: Option<Arc<ReloadableClientVerifier>>,
    files: Mutex<WatchedFiles>,
}

impl TlsIdentity {
    /// Reads the files of the settings. Fails if one of them cannot be used.
    pub(crate) fn open(section: &'static str, settings: &config::Tls) -> Result<Self, ConfigError> {
        let files = WatchedFiles::new(settings);
        let material = KeyMaterial::read(section, settings)?;
        record_end(section, &material.identity);
        Ok(Self {
            section,
            certificate: Arc::new(ReloadableCertResolver::new(material.identity)),
            clients: material
                .clients
                .map(ReloadableClientVerifier::new)
                .map(Arc::new),
            files: Mutex::new(files),
        })
    }

    /// Returns the configuration to start the server with. The server also uses certificates and authorities
    /// that are replaced later. Fails if the library does not support the protocol versions.
    pub(crate) fn server_config(&self) -> Result<ServerConfig> {
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .context("cannot prepare TLS")?;
        let verifier = match &self.clients {
            Some(clients) => clients.clone(),
            None => WebPkiClientVerifier::no_client_auth(),
        };
        let mut config = builder
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(self.certificate.clone());
        if self.clients.is_some() {
            // A resumed session presents no certificate, and would stay valid after its authority was removed.
            config.session_storage = Arc::new(NoServerSessionStorage {});
        }
        Ok(config)
    }

    /// Uses the files of these settings from the next handshake on. Fails if one of them cannot be used;
    /// nothing changes then.
    pub(crate) fn reload(&self, settings: &config::Tls) -> Result<(), ConfigError> {
        let files = WatchedFiles::new(settings);
        let material = KeyMaterial::read(self.section, settings);
        // Recorded even after an error, so that a file that cannot be used is logged once.
        *self.files.lock() = files;
        let material = material?;
        record_end(self.section, &material.identity);
        if self.certificate.replace(material.identity) {
            info!(listener = self.section, "took the new certificate");
        }
        if let (Some(clients), Some(verifier)) = (&self.clients, material.clients) {
            clients.replace(verifier);
        }
        Ok(())
    }

    /// Uses the new contents of the files whenever they have changed, for as long as the gateway runs.
    pub(crate) async fn watch(self: Arc<Self>) {
        let mut checks = interval(CHECK_INTERVAL);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            checks.tick().await;
            let changed = {
                let mut files = self.files.lock();
                files.have_changed().then(|| files.settings.clone())
            };
            if let Some(Err(problem)) = changed.map(|settings| self.reload(&settings)) {
                error!(listener = self.section, %problem, "the new certificate cannot be used, the old one stays");
            }
        }
    }
}
