//! TLS of a listener, whose certificate is exchanged while connections go on.
//!
//! HTTP/1.1 only: HTTP/2 writes all header names in lower case, and a client of Memsource's wants
//! `Content-Type` spelt like that.

mod cert_resolver;
mod file_watch;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use parking_lot::Mutex;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use tokio::time::{MissedTickBehavior, interval};
use tracing::{error, info};

use self::cert_resolver::{ReloadableCertResolver, ReloadableClientVerifier};
use self::file_watch::WatchedFiles;
use crate::config::{self, KeyMaterial, Problem};

/// How often the files are looked at. A change counts once it has been the same for two looks: a
/// certificate and its key are seldom written at one moment.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

/// What a listener proves itself by, and what it wants clients to prove.
pub(crate) struct TlsIdentity {
    /// As the configuration has it: `server` or `management`.
    section: &'static str,
    presented: Arc<ReloadableCertResolver>,
    clients: Option<Arc<ReloadableClientVerifier>>,
    files: Mutex<WatchedFiles>,
}

impl TlsIdentity {
    /// Reads the files.
    pub(crate) fn open(section: &'static str, settings: &config::Tls) -> Result<Self, Problem> {
        let files = WatchedFiles::new(settings);
        let material = KeyMaterial::read(section, settings)?;
        Ok(Self {
            section,
            presented: Arc::new(ReloadableCertResolver::new(material.identity)),
            clients: material
                .clients
                .map(ReloadableClientVerifier::new)
                .map(Arc::new),
            files: Mutex::new(files),
        })
    }

    /// What the server is started with. What is exchanged later, it sees, too.
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
            .with_cert_resolver(self.presented.clone());
        if self.clients.is_some() {
            // A session that is taken up again shows no certificate, and would outlive its authority.
            config.session_storage = Arc::new(NoServerSessionStorage {});
        }
        Ok(config)
    }

    /// Takes what these settings name from the next handshake on; or leaves everything as it was.
    pub(crate) fn renew(&self, settings: &config::Tls) -> Result<(), Problem> {
        let files = WatchedFiles::new(settings);
        let material = KeyMaterial::read(self.section, settings);
        // Looked at, whatever came of it: what is bad is told once.
        *self.files.lock() = files;
        let material = material?;
        if self.presented.replace(material.identity) {
            info!(listener = self.section, "took the new certificate");
        }
        if let (Some(clients), Some(verifier)) = (&self.clients, material.clients) {
            clients.replace(verifier);
        }
        Ok(())
    }

    /// Takes what the files hold whenever they have changed.
    pub(crate) async fn watch(self: Arc<Self>) {
        let mut looks = interval(LOOK_INTERVAL);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let changed = {
                let mut files = self.files.lock();
                files.have_changed().then(|| files.settings.clone())
            };
            if let Some(Err(problem)) = changed.map(|settings| self.renew(&settings)) {
                error!(listener = self.section, %problem, "the new certificate cannot be used, the old one stays");
            }
        }
    }
}
