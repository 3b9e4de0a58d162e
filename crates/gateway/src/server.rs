//! Runs both listeners: starts them, serves, and stops without cutting off clients.

mod file_limit;
mod hot_swap;
mod http;
mod lifecycle;
mod listener;
mod periodic;
mod public_state;
mod reload;
mod sweep;
mod systemd;

use std::path::PathBuf;
use std::sync::Arc;

use actix_web::rt;
use anyhow::Result;
use metrics_exporter_prometheus::PrometheusHandle;
use tracing::{info, warn};

use self::hot_swap::HotSwap;
use self::http::Listener;
use self::lifecycle::{RunningServer, ShutdownSignals};
use self::listener::Bound;
use self::public_state::public_state;
use self::reload::{Reload, ReloadSignals};
use crate::access_log::AccessLog;
use crate::bootstrap::initial_import::InitialImport;
use crate::bootstrap::open_stores::OpenResource;
use crate::bootstrap::{audit, components, digest_upgrade, secrets};
use crate::client_ip::TrustedProxies;
use crate::config::{self, Config, FileDigests, unrecognized_variables};
use crate::console::Console;
use crate::http::completion::InFlightRequests;
use crate::http::public::{PublicState, app};
use crate::http::self_probe::SelfProbe;
use crate::introspection::{IntrospectionApi, PublicMetadata};
use crate::jwt::KeyMaintenance;
use crate::management::metrics::Metrics;
use crate::management::{IsAuditStored, Readiness};
use crate::metrics::InstrumentedTokenStore;
use crate::refusals::{self, RefusalLog};
use crate::store_health::{HealthRecheck, MonitoredStores, StoreHealthMonitor};
use crate::sunset::Sunsets;
use crate::tls::TlsIdentity;
use crate::usage::{ServiceUsage, UsageRecorder};
use crate::{management, telemetry};

/// Serves until SIGTERM or SIGINT. Fails if the configuration is invalid, a component cannot be opened, or the
/// directory file can never be applied.
pub(crate) async fn serve(files: Vec<PathBuf>) -> Result<()> {
    // From here on a signal stops the gateway in an orderly way, at whatever step it arrives. SIGHUP, which
    // requests a reload, is handled once the start is complete.
    let mut signals = ShutdownSignals::listen()?;
    let reload_signals = ReloadSignals::listen()?;
    let (config, contents) = tokio::select! {
        read = reload::read(&files) => read?,
        () = signals.next() => return Ok(()),
    };
    telemetry::start(&config.sections.logging, &config.sections.tracing);
    for line in unrecognized_variables() {
        warn!("{line}");
    }
    // Not cancelled by a signal: stores that are half open could not be closed.
    let opening = OpenedServer::open(config, contents).await?;
    tokio::select! {
        running = start(files, reload_signals, opening) => running?.run_until_shutdown(&mut signals).await,
        () = signals.next() => {
            info!("stopped before the start was complete");
            Ok(())
        }
    }
}

/// The configuration, the listeners and the stores, before anything is served.
struct OpenedServer {
    config: Config,
    contents: FileDigests,
    public: Bound,
    inner: Bound,
    recorder: PrometheusHandle,
    opened: components::Components,
}

impl OpenedServer {
    /// Binds the sockets and opens the stores. Fails if one of them cannot be bound or opened.
    async fn open(config: Config, contents: FileDigests) -> Result<Self> {
        let sections = &config.sections;
        // Bound before anything else is done or logged: the first lines of the log have the addresses, for the
        // process that started the gateway.
        let public = listener::bind("public", "server.bind", sections.server.bind)?;
        let inner = listener::bind("management", "management.bind", sections.management.bind)?;
        let recorder = management::metrics::start()?;
        file_limit::raise_nofile_limit(&sections.server);
        let opened = components::open(&config).await?;
        Ok(Self {
            config,
            contents,
            public,
            inner,
            recorder,
            opened,
        })
    }
}

/// Starts all tasks and both servers. Fails if a component cannot be started.
#[expect(
    clippy::too_many_lines,
    reason = "it starts one component after the other"
)]
async fn start(
    files: Vec<PathBuf>,
    reload_signals: ReloadSignals,
    opening: OpenedServer,
) -> Result<RunningServer> {
    let OpenedServer {
        config,
        mut contents,
        public,
        inner,
        recorder,
        mut opened,
    } = opening;
    let (config, sections) = (&config, &config.sections);
    let audit = audit::open(&sections.audit, &opened.directory)?;
    opened.audit = audit.clone();
    let access_log = AccessLog::open(&sections.logging)?;
    let refusals = RefusalLog::open(&sections.refusals, &opened.directory)?;
    let old_events = opened.directory.clone();
    let import = Arc::new(InitialImport::new(&opened, &sections.directory.import, &audit).await?);
    let (directory, import_task) = import.clone().start().await?;
    opened.directory = directory.clone();
    opened.tokens = Arc::new(InstrumentedTokenStore::new(opened.tokens));
    let tokens = opened.tokens.clone();
    let probe = SelfProbe::new(&opened.peppers);
    let peppers = opened.peppers.clone();
    let usage = UsageRecorder::new(&sections.usage, &opened.peppers);
    let passwords = opened.passwords.clone();
    let attempts = opened.attempts.clone();
    let access = opened.access.clone();
    let throttle = opened.throttle.clone();
    let auth = opened.into_auth();
    let (monitor, recheck) = monitor(MonitoredStores {
        directory: directory.clone(),
        tokens: tokens.clone(),
        throttle,
    });
    let readiness = Readiness::new(auth.clone(), monitor.clone());
    let sweeper = rt::spawn(sweep::run(auth.clone(), tokens.clone()));
    let watcher = rt::spawn(async move { monitor.watch().await });
    let pruner = audit::prune_periodically(sections.audit.clone(), old_events, auth.clone());
    let public_tls = identity("server", sections.server.tls.as_ref())?;
    let inner_tls = identity("management", sections.management.tls.as_ref())?;
    let introspection = introspection_api(config, &usage, &refusals)?;
    let jwts = introspection.jwts.as_ref();
    let signing_keys = KeyMaintenance::start(jwts, &directory, &auth).await;
    let back_ends = introspection.open_back_ends(&config.mounts)?;
    let metrics = Metrics::new(recorder.clone(), tokens.clone(), directory.clone())
        .with_back_ends(back_ends.clone());
    let application = HotSwap::new(PublicState {
        drain: readiness.drain(),
        recheck,
        back_ends,
        metadata: PublicMetadata::new(&introspection),
        access_log: access_log.clone(),
        refusals: refusals.clone(),
        ..public_state(config, auth.clone(), probe, usage.clone())?
    });
    let PublicState {
        outbox, account, ..
    } = application.state();
    let in_flight = InFlightRequests::default();
    let public_is_inherited = public.is_inherited;
    let public = Listener::public(sections, public.socket, public_tls.as_deref(), &in_flight);
    let public = http::serve(public, &application, |live| live.factory(app))?;
    let management = HotSwap::new(management::ManagementState {
        readiness: readiness.clone(),
        auth: auth.clone(),
        directory: directory.clone(),
        tokens: tokens.clone(),
        usage: usage.clone(),
        passwords,
        metrics,
        introspection,
        body_timeout: sections.server.body_timeout,
        is_audit_stored: IsAuditStored(sections.audit.database),
        account,
        console: Console::new(sections),
    });
    let inner = Listener::management(sections, inner.socket, inner_tls.as_deref(), &in_flight);
    let inner = http::serve(inner, &management, |live| live.factory(management::app))?;
    let upkeep = rt::spawn(management::metrics::run_upkeep(recorder));
    let (counts, usage_settings) = (usage.clone(), sections.usage.clone());
    let flusher = counts.flush_periodically(usage_settings, directory.clone(), auth.clone());
    let old_refusals =
        refusals::prune_periodically(sections.refusals.clone(), directory.clone(), auth);
    let upgrader = rt::spawn(digest_upgrade::run(directory.clone()));
    let mut housekeeping = vec![sweeper, watcher, upkeep, upgrader];
    housekeeping.extend([
        rt::spawn(pruner),
        rt::spawn(flusher),
        rt::spawn(old_refusals),
    ]);
    housekeeping.extend(periodic::start(sections, &directory, &tokens, &application));
    housekeeping.extend(signing_keys.map(|keys| rt::spawn(keys.run())));
    housekeeping.extend(public_tls.iter().chain(&inner_tls).map(watched));
    contents.add_created(sections.file_digests());
    reload::record(&Ok(()));
    let reload = Reload {
        files,
        sections: sections.clone(),
        contents,
        access,
        import: import.clone(),
        attempts,
        directory: directory.clone(),
        peppers,
        application,
        inner: management,
        usage: usage.clone(),
        refusals: refusals.clone(),
        public: public_tls,
        management: inner_tls,
    };
    housekeeping.push(rt::spawn(reload.run(reload_signals)));
    Ok(RunningServer {
        public: public.handle(),
        public_is_inherited,
        inner: inner.handle(),
        servers: [rt::spawn(public), rt::spawn(inner)],
        housekeeping,
        audit,
        access_log,
        refusals,
        usage,
        directory,
        import: OpenResource::InitialImport(import.as_ref().clone()),
        import_task,
        readiness,
        in_flight,
        outbox,
        drain_delay: sections.server.drain_delay,
        shutdown_timeout: sections.server.shutdown_timeout,
    })
}

/// Returns the monitor of the stores, and the flag by which requests ask it to examine them soon.
fn monitor(stores: MonitoredStores) -> (Arc<StoreHealthMonitor>, Arc<HealthRecheck>) {
    let recheck = Arc::new(HealthRecheck::default());
    let monitor = StoreHealthMonitor::new(stores, recheck.clone());
    (Arc::new(monitor), recheck)
}

fn watched(identity: &Arc<TlsIdentity>) -> rt::task::JoinHandle<()> {
    rt::spawn(identity.clone().watch())
}

fn introspection_api(
    config: &Config,
    usage: &UsageRecorder,
    refusals: &RefusalLog,
) -> Result<IntrospectionApi> {
    let Config { sections, mounts } = config;
    let jwts = secrets::jwt_signer(&sections.jwt, sections.introspection.max_age)?;
    let sunsets = Sunsets::new(&sections.sunset);
    let usage = ServiceUsage::new(usage, refusals, proxies(&sections.server), sunsets);
    Ok(IntrospectionApi::new(sections, mounts, jwts, usage))
}

fn identity(section: &'static str, tls: Option<&config::Tls>) -> Result<Option<Arc<TlsIdentity>>> {
    let identity = tls.map(|tls| TlsIdentity::open(section, tls)).transpose()?;
    Ok(identity.map(Arc::new))
}

fn proxies(server: &config::Server) -> TrustedProxies {
    TrustedProxies::new(&server.trusted_proxies, server.proxy_header)
}
