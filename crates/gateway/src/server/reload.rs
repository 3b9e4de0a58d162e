//! Reload on SIGHUP: reads the configuration again, and applies the settings that can change at run time.

mod authorities;
mod credentials;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use isogloss_core::directory::Directory;
use isogloss_core::throttle::Throttle;
use isogloss_core::{Clock as _, Peppers, SystemClock};
use metrics::{counter, gauge};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{error, info, warn};

use super::hot_swap::HotSwap;
use crate::bootstrap::blocking::run_blocking;
use crate::bootstrap::components::CredentialAccess;
use crate::bootstrap::initial_import::{DirectoryFile, InitialImport};
use crate::bootstrap::mailer;
use crate::client_ip::TrustedProxies;
use crate::config::{Config, ConfigError, FileDigests, Sections, Tls};
use crate::http::public::PublicState;
use crate::refusals::RefusalLog;
use crate::sunset::Sunsets;
use crate::tls::TlsIdentity;
use crate::usage::{ServiceUsage, UsageRecorder};
use crate::{AccountPage, management, telemetry};

/// The SIGHUP signals, each of which requests a reload. At a terminal, SIGHUP still means that the terminal is
/// closed, and stops the gateway.
pub(crate) struct ReloadSignals(Option<Signal>);

impl ReloadSignals {
    /// Starts to listen for SIGHUP, unless the process runs at a terminal. Fails if the system does not allow
    /// it.
    pub(crate) fn listen() -> Result<Self> {
        if std::io::stderr().is_terminal() {
            return Ok(Self(None));
        }
        let reload_signals = signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?;
        Ok(Self(Some(reload_signals)))
    }

    /// Completes when SIGHUP arrives; never at a terminal.
    async fn next(&mut self) {
        let signal = match &mut self.0 {
            Some(reload_signals) => reload_signals.recv().await,
            None => None,
        };
        if signal.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

/// Counts a start or a reload, and records the time of a good one.
pub(super) fn record(outcome: &Result<()>) {
    let name = if outcome.is_ok() { "done" } else { "failed" };
    counter!("isogloss_reloads_total", "outcome" => name).increment(1);
    if outcome.is_ok() {
        let now = SystemClock.now().unix_timestamp();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        gauge!("isogloss_reload_success_seconds").set(now as f64);
    }
}

/// The settings in use, their sources, and the parts that a reload can replace.
pub(crate) struct Reload {
    /// The configuration files.
    pub(crate) files: Vec<PathBuf>,
    pub(crate) sections: Sections,
    /// The contents of the files that the configuration names.
    pub(crate) contents: FileDigests,
    pub(crate) access: CredentialAccess,
    pub(crate) import: Arc<InitialImport>,
    /// Counts the passwords that are passed on to authorities.
    pub(crate) attempts: Arc<dyn Throttle>,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) peppers: Peppers,
    pub(crate) application: HotSwap<PublicState>,
    pub(crate) inner: HotSwap<management::ManagementState>,
    pub(crate) usage: UsageRecorder,
    pub(crate) refusals: RefusalLog,
    pub(crate) public: Option<Arc<TlsIdentity>>,
    pub(crate) management: Option<Arc<TlsIdentity>>,
}

impl Reload {
    /// Reloads the configuration on each SIGHUP, for as long as the gateway runs. Logs why a reload failed.
    pub(crate) async fn run(mut self, mut reload_signals: ReloadSignals) {
        loop {
            reload_signals.next().await;
            let mut replaced_keys = Vec::new();
            let outcome = Box::pin(self.reload(&mut replaced_keys)).await;
            record(&outcome);
            let Err(problem) = outcome else {
                continue;
            };
            let problem = format_args!("{problem:#}");
            if replaced_keys.is_empty() {
                error!(%problem, "the configuration is not reloaded, the old settings stay");
            } else {
                let keys = replaced_keys.join(", ");
                error!(%problem, keys, "the configuration is not reloaded; the new credentials are in use, all other settings stay");
            }
        }
    }

    /// Reads the configuration again, and serves with it. Adds the keys of replaced credentials to
    /// `replaced_keys`, also if a later step fails. Fails if the configuration is invalid or a component cannot
    /// use it; all other settings stay then.
    async fn reload(&mut self, replaced_keys: &mut Vec<&'static str>) -> Result<()> {
        let (config, contents) = read(&self.files).await?;
        let Config {
            sections: wanted,
            mounts,
        } = config;
        let import = DirectoryFile::load(&wanted.directory.import, &self.peppers).await?;
        let mailer = mailer::open(&wanted.mail)?;
        let account = with_reloadable_changes(&self.sections, &wanted);
        let account = AccountPage::open(&account, &mailer)?;
        let introspection = self.inner.state().introspection;
        let back_ends = introspection.open_back_ends(&mounts)?;
        let authorities = self.changed_authorities(&wanted, &contents)?;
        // Before the file is applied: that may already need the new credentials.
        self.replace_credentials(&wanted, &contents, replaced_keys)
            .await?;
        self.import.replace_file(import).await?;
        let next = with_reloadable_changes(&self.sections, &wanted);
        // All errors are found by now, except in files that change at this very time.
        reload_tls(self.public.as_deref(), next.server.tls.as_ref())?;
        reload_tls(self.management.as_deref(), next.management.tls.as_ref())?;
        telemetry::set_level(&next.logging);

        let auth = self.replace_authorities(&wanted, authorities, &contents);
        let before = self.inner.state();
        let proxies = TrustedProxies::new(&next.server.trusted_proxies, next.server.proxy_header);
        let sunsets = Sunsets::new(&next.sunset);
        let usage = ServiceUsage::new(
            &self.usage,
            &self.refusals,
            proxies.clone(),
            sunsets.clone(),
        );
        let introspection = before.introspection.with_dialects(mounts.clone(), usage);
        let metrics = before.metrics.clone().with_back_ends(back_ends.clone());
        let inner = management::ManagementState {
            auth: auth.clone(),
            metrics,
            introspection,
            account: account.clone(),
            console: before.console.as_ref().map(|console| console.reload(&next)),
            ..before
        };
        self.inner.serve(inner).await;
        let before = self.application.state();
        let state = PublicState {
            auth,
            outbox: before.outbox.with_mailer(mailer),
            mounts,
            body_limit: next.server.body_limit,
            hsts: next.server.hsts,
            proxies,
            sunsets,
            back_ends,
            account,
            ..before
        };
        let dialects: Vec<_> = state.mounts.iter().map(|mount| mount.name).collect();
        let dialects = dialects.join(", ");
        let recheck = state.recheck.clone();
        self.application.serve(state).await;
        // An operator who has repaired a store may send SIGHUP, so the stores are examined again.
        recheck.request();
        for key in next.difference(&wanted) {
            warn!(key, "a changed setting waits for a restart");
        }
        for key in self.contents.difference(&contents) {
            warn!(key, "the changed contents of a file wait for a restart");
        }
        self.sections = next;
        info!(dialects, "the configuration is reloaded");
        Ok(())
    }
}

/// Reads the configuration, and digests of the files that it names. Fails if the configuration is invalid.
pub(crate) async fn read(files: &[PathBuf]) -> Result<(Config, FileDigests)> {
    let files = files.to_owned();
    let read = move || {
        let config = Config::load(&files)?;
        let contents = config.sections.file_digests();
        Ok::<_, ConfigError>((config, contents))
    };
    Ok(run_blocking(read).await??)
}

/// Returns the current settings, with those of `wanted` that can change at run time.
fn with_reloadable_changes(current: &Sections, wanted: &Sections) -> Sections {
    let mut next = current.clone();
    next.logging.level.clone_from(&wanted.logging.level);
    next.directory.import.clone_from(&wanted.directory.import);
    next.mail.clone_from(&wanted.mail);
    next.account.clone_from(&wanted.account);
    next.sunset.clone_from(&wanted.sunset);
    next.authorities.clone_from(&wanted.authorities);
    next.server
        .account_path
        .clone_from(&wanted.server.account_path);
    next.server.public_url.clone_from(&wanted.server.public_url);
    next.server.body_limit = wanted.server.body_limit;
    next.server.hsts = wanted.server.hsts;
    next.server
        .trusted_proxies
        .clone_from(&wanted.server.trusted_proxies);
    next.server.proxy_header = wanted.server.proxy_header;
    change_tls_files(&mut next.server.tls, wanted.server.tls.as_ref());
    change_tls_files(&mut next.management.tls, wanted.management.tls.as_ref());
    next
}

/// Replaces the TLS files by those of `wanted`. Only a restart switches TLS, or client certificates, on or off.
fn change_tls_files(current: &mut Option<Tls>, wanted: Option<&Tls>) {
    if let (Some(current), Some(wanted)) = (current, wanted)
        && current.client_ca_file.is_some() == wanted.client_ca_file.is_some()
    {
        current.clone_from(wanted);
    }
}

/// Uses the contents of the TLS files from the next handshake on. Does nothing without TLS. Fails if a file
/// cannot be used.
fn reload_tls(identity: Option<&TlsIdentity>, files: Option<&Tls>) -> Result<()> {
    match (identity, files) {
        (Some(identity), Some(files)) => Ok(identity.reload(files)?),
        (None, _) | (_, None) => Ok(()),
    }
}
