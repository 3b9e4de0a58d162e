//! Two listeners, one life: start, serve, and end without cutting anybody off.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::rt::task::JoinHandle;
use actix_web::{HttpServer, rt};
use anyhow::{Context as _, Error, Result};
use isogloss_core::Auth;
use isogloss_core::audit::Audit;
use isogloss_core::directory::Directory;
use isogloss_core::store::TokenStore;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tracing::{info, warn};

use crate::app::{Ingredients, app};
use crate::backends::Backends;
use crate::config::{self, Config, Sections};
use crate::fill::{DirectoryFile, Filling, Rest};
use crate::fitness::Fitness;
use crate::management::Readiness;
use crate::management::metrics::Metrics;
use crate::measured::MeasuredStore;
use crate::probe::Probe;
use crate::reload::{Hangups, Reload};
use crate::renewal::Renewal;
use crate::source::Proxies;
use crate::sunset::Sunsets;
use crate::tls::Identity;
use crate::usage::{Behind, Usage};
use crate::{
    audit, descriptors, listener, mail, management, parts, secrets, slow, supervisor, traces,
};

/// How often expired tokens are removed from a store that does not do so by itself.
const SWEEP_INTERVAL: Duration = Duration::from_mins(1);

/// Serves until a signal ends it.
pub(crate) async fn serve(config: Config, files: Vec<PathBuf>) -> Result<()> {
    // From here on a signal is an orderly end, at whatever step it meets us.
    let mut signals = Signals::listen()?;
    let hangups = Hangups::listen()?;
    tokio::select! {
        running = start(&config, files, hangups) => running?.until_the_end(&mut signals).await,
        () = signals.next() => {
            info!("stopped before all was started");
            Ok(())
        }
    }
}

/// Two listeners at work.
struct Running {
    public: ServerHandle,
    inner: ServerHandle,
    servers: [JoinHandle<std::io::Result<()>>; 2],
    housekeeping: Vec<JoinHandle<()>>,
    audit: Audit,
    usage: Usage,
    directory: Arc<dyn Directory>,
    filling: Rest,
    readiness: Readiness,
    drain_delay: Duration,
}

async fn start(config: &Config, files: Vec<PathBuf>, hangups: Hangups) -> Result<Running> {
    let sections = &config.sections;
    // Bound before anything else is done or logged: whoever started us reads the addresses first.
    let public = listener::bind("public", "server.bind", sections.server.bind)?;
    let inner = listener::bind("management", "management.bind", sections.management.bind)?;

    let counted = management::metrics::start()?;
    descriptors::ask_for_enough(&sections.server);
    let mut opened = parts::open(config).await?;
    let audit = audit::open(&sections.audit, &opened.directory)?;
    opened.audit = audit.clone();
    let old_events = opened.directory.clone();
    let filling = Filling {
        directory: opened.directory.clone(),
        passwords: opened.passwords.clone(),
        file: DirectoryFile::read(&sections.directory.import, &opened.peppers)?,
        audit: audit.clone(),
    };
    let (directory, filling) = filling.start().await?;
    opened.directory = directory.clone();
    opened.tokens = Arc::new(MeasuredStore::around(opened.tokens));
    let tokens = opened.tokens.clone();
    let metrics = Metrics::new(counted.clone(), tokens.clone(), directory.clone());
    let probe = Probe::new(&opened.peppers);
    let usage = Usage::new(&sections.usage, &opened.peppers);
    let passwords = opened.passwords.clone();
    let auth = opened.into_auth();
    let fitness = Arc::new(Fitness::of(tokens.clone()));
    let readiness = Readiness::new(auth.clone(), fitness.clone());

    let sweeper = rt::spawn(sweep(auth.clone(), tokens));
    let watcher = rt::spawn(async move { fitness.watch().await });
    let pruner = audit::keep_small(sections.audit.clone(), old_events, auth.clone());
    let pruner = rt::spawn(pruner);
    let public_tls = identity("server", sections.server.tls.as_ref())?;
    let inner_tls = identity("management", sections.management.tls.as_ref())?;
    let application = Renewal::of(ingredients(config, auth.clone(), probe, usage.clone())?);
    let public = public_server(
        &sections.server,
        public,
        public_tls.as_deref(),
        &application,
    )?;
    let management = Renewal::of(management::Ingredients {
        readiness: readiness.clone(),
        auth: auth.clone(),
        directory: directory.clone(),
        passwords,
        metrics,
        backends: Backends {
            mounts: config.mounts.clone().into(),
            jwts: secrets::jwts(&sections.jwt)?,
            usage: Behind::new(
                &usage,
                Proxies::new(
                    &sections.server.trusted_proxies,
                    sections.server.proxy_header,
                ),
                Sunsets::new(&sections.sunset),
            ),
        },
        body_timeout: sections.server.body_timeout,
    });
    let inner = management_server(sections, inner, inner_tls.as_deref(), &management)?;
    let upkeep = rt::spawn(management::metrics::keep_up(counted));
    let counting = usage
        .clone()
        .keep(sections.usage.clone(), directory.clone(), auth);
    let counting = rt::spawn(counting);
    let mut housekeeping = vec![sweeper, watcher, pruner, upkeep, counting];
    let identities = public_tls.iter().chain(&inner_tls).cloned();
    housekeeping.extend(identities.map(|identity| rt::spawn(identity.watch())));
    let reload = Reload {
        files,
        sections: sections.clone(),
        application,
        inner: management,
        usage: usage.clone(),
        public: public_tls,
        management: inner_tls,
    };
    housekeeping.push(rt::spawn(reload.at(hangups)));
    Ok(Running {
        public: public.handle(),
        inner: inner.handle(),
        servers: [rt::spawn(public), rt::spawn(inner)],
        housekeeping,
        audit,
        usage,
        directory,
        filling,
        readiness,
        drain_delay: sections.server.drain_delay,
    })
}

impl Running {
    async fn until_the_end(self, signals: &mut Signals) -> Result<()> {
        supervisor::ready();
        tokio::select! {
            () = signals.next() => {}
            error = failure(self.filling) => {
                self.audit.close().await;
                return Err(error);
            }
        }
        supervisor::stopping();
        info!("shutting down: requests under way are finished; a second signal cuts them off");
        let finish = async {
            // Requests that were sent before the signal may still wait for their turn. Probes see
            // the end coming; only then nobody is let in any more.
            self.readiness.end();
            sleep(self.drain_delay).await;
            self.public.stop(true).await;
        };
        tokio::select! {
            () = finish => {}
            () = signals.next() => {
                warn!("requests under way are cut off");
                self.public.stop(false).await;
            }
        }
        self.inner.stop(true).await;
        for server in self.servers {
            server.await.context("a listener ended badly")??;
        }
        for task in self.housekeeping {
            task.abort();
        }
        self.usage.close(self.directory.as_ref()).await;
        self.audit.close().await;
        traces::finish().await;
        Ok(())
    }
}

/// Comes only if the directory file turns out to be one that cannot be applied.
async fn failure(filling: Rest) -> Error {
    match filling.await {
        Ok(Ok(())) => std::future::pending().await,
        Ok(Err(error)) => error,
        Err(error) => error.into(),
    }
}

/// What asks us to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

fn ingredients(config: &Config, auth: Auth, probe: Probe, usage: Usage) -> Result<Ingredients> {
    let server = &config.sections.server;
    let ingredients = Ingredients {
        auth,
        mailer: mail::open(&config.sections.mail)?,
        mounts: config.mounts.clone(),
        body_limit: server.body_limit,
        body_timeout: server.body_timeout,
        hsts: server.hsts,
        probe,
        usage,
        sunsets: Sunsets::new(&config.sections.sunset),
        proxies: proxies(server),
    };
    for mount in &ingredients.mounts {
        info!(dialect = mount.name, path = mount.path, "mounted");
    }
    ingredients.sunsets.announce();
    if ingredients.mounts.is_empty() {
        warn!("no dialect is enabled: every request will get 404");
    }
    Ok(ingredients)
}

fn identity(section: &'static str, tls: Option<&config::Tls>) -> Result<Option<Arc<Identity>>> {
    let identity = tls.map(|tls| Identity::open(section, tls)).transpose()?;
    Ok(identity.map(Arc::new))
}

fn public_server(
    server: &config::Server,
    socket: TcpListener,
    tls: Option<&Identity>,
    application: &Renewal<Ingredients>,
) -> Result<Server> {
    let application = application.clone();
    let mut http = HttpServer::new(move || application.clone().factory(app))
        .keep_alive(server.keep_alive)
        .client_request_timeout(server.head_timeout)
        .tls_handshake_timeout(server.head_timeout)
        .max_connections(server.max_connections.get())
        .max_connection_rate(server.max_connections.get())
        .on_connect(slow::watch("public", server.longest_pause()))
        .shutdown_timeout(server.shutdown_timeout.as_secs())
        .disable_signals();
    if let Some(workers) = server.workers {
        http = http.workers(workers.get());
    }
    let http = match tls {
        None => http.listen(socket),
        Some(tls) => http.listen_rustls_0_23(socket, tls.server_config()?),
    };
    Ok(http.context("server.bind")?.run())
}

fn proxies(server: &config::Server) -> Proxies {
    Proxies::new(&server.trusted_proxies, server.proxy_header)
}

fn management_server(
    sections: &Sections,
    socket: TcpListener,
    tls: Option<&Identity>,
    application: &Renewal<management::Ingredients>,
) -> Result<Server> {
    let server = &sections.server;
    let application = application.clone();
    let http = HttpServer::new(move || application.clone().factory(management::app))
        .workers(sections.management.workers.get())
        .keep_alive(server.keep_alive)
        .client_request_timeout(server.head_timeout)
        .tls_handshake_timeout(server.head_timeout)
        .max_connections(server.max_connections.get())
        .on_connect(slow::watch("management", server.longest_pause()))
        .shutdown_timeout(server.shutdown_timeout.as_secs())
        .disable_signals();
    let http = match tls {
        None => http.listen(socket),
        Some(tls) => http.listen_rustls_0_23(socket, tls.server_config()?),
    };
    Ok(http.context("management.bind")?.run())
}

async fn sweep(auth: Auth, tokens: Arc<dyn TokenStore>) {
    let mut ticks = interval(SWEEP_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match tokens.sweep(auth.now()).await {
            Ok(0) => {}
            Ok(removed) => info!(removed, "removed expired tokens"),
            Err(error) => warn!(%error, "cannot remove expired tokens, will retry"),
        }
    }
}
