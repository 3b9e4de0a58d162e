//! Two listeners, one life: start, serve, and end without cutting anybody off.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::rt::task::JoinHandle;
use actix_web::web::Data;
use actix_web::{App, HttpServer, rt};
use anyhow::{Context as _, Error, Result};
use isogloss_core::audit::Audit;
use isogloss_core::directory::Directory;
use isogloss_core::store::TokenStore;
use isogloss_core::{Auth, Passwords};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tracing::{info, warn};

use crate::administration::Administration;
use crate::app::{Ingredients, app};
use crate::backends::Backends;
use crate::config::{Config, Sections};
use crate::fill::{DirectoryFile, Filling, Rest};
use crate::fitness::Fitness;
use crate::management::Readiness;
use crate::probe::Probe;
use crate::source::Proxies;
use crate::{audit, descriptors, headers, mail, management, parts, secrets, slow, supervisor};

/// How often expired tokens are removed from a store that does not do so by itself.
const SWEEP_INTERVAL: Duration = Duration::from_mins(1);

/// Serves until a signal ends it.
pub(crate) async fn serve(config: Config) -> Result<()> {
    // From here on a signal is an orderly end, at whatever step it meets us.
    let mut signals = Signals::listen()?;
    tokio::select! {
        running = start(&config) => running?.until_the_end(&mut signals).await,
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
    housekeeping: [JoinHandle<()>; 4],
    audit: Audit,
    filling: Rest,
    readiness: Readiness,
    drain_delay: Duration,
}

async fn start(config: &Config) -> Result<Running> {
    let sections = &config.sections;
    // Bound before anything else is done or logged: whoever started us reads the addresses first.
    let public = bind("public", "server.bind", sections.server.bind)?;
    let inner = bind("management", "management.bind", sections.management.bind)?;

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
    let tokens = opened.tokens.clone();
    let probe = Probe::new(&opened.peppers);
    let passwords = opened.passwords.clone();
    let auth = opened.into_auth();
    let fitness = Arc::new(Fitness::of(tokens.clone()));
    let readiness = Readiness::new(auth.clone(), fitness.clone());

    let sweeper = rt::spawn(sweep(auth.clone(), tokens));
    let watcher = rt::spawn(async move { fitness.watch().await });
    let pruner = audit::keep_small(sections.audit.clone(), old_events, auth.clone());
    let pruner = rt::spawn(pruner);
    let hangups = rt::spawn(audit::outlive_hangups(sections.audit.clone()));
    let public = public_server(config, public, (auth.clone(), probe))?;
    let backends = Backends {
        mounts: config.mounts.clone().into(),
        jwts: secrets::jwts(&sections.jwt)?,
    };
    let parts = (readiness.clone(), backends, auth, directory, passwords);
    let inner = management_server(sections, inner, parts)?;
    Ok(Running {
        public: public.handle(),
        inner: inner.handle(),
        servers: [rt::spawn(public), rt::spawn(inner)],
        housekeeping: [sweeper, watcher, pruner, hangups],
        audit,
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
        self.audit.close().await;
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

fn bind(listener: &str, key: &str, address: SocketAddr) -> Result<TcpListener> {
    let passed = supervisor::socket(listener).context("a socket that was passed")?;
    let is_passed = passed.is_some();
    let socket = match passed {
        Some(socket) => socket,
        None => {
            TcpListener::bind(address).with_context(|| format!("{key}: cannot bind {address}"))?
        }
    };
    let address = socket.local_addr().context("no local address")?;
    if is_passed {
        info!(listener, %address, "listening at a socket that was passed");
    } else {
        info!(listener, %address, "listening");
    }
    Ok(socket)
}

fn public_server(
    config: &Config,
    socket: TcpListener,
    (auth, probe): (Auth, Probe),
) -> Result<Server> {
    let server = &config.sections.server;
    let ingredients = Ingredients {
        auth,
        mailer: mail::open(&config.sections.mail)?,
        mounts: config.mounts.clone(),
        body_limit: server.body_limit,
        body_timeout: server.body_timeout,
        hsts: server.hsts,
        probe,
        proxies: Proxies::new(&server.trusted_proxies, server.proxy_header),
    };
    for mount in &ingredients.mounts {
        info!(dialect = mount.name, path = mount.path, "mounted");
    }
    if ingredients.mounts.is_empty() {
        warn!("no dialect is enabled: every request will get 404");
    }
    let mut http = HttpServer::new(move || app(ingredients.clone()))
        .keep_alive(server.keep_alive)
        .client_request_timeout(server.head_timeout)
        .max_connections(server.max_connections.get())
        .on_connect(slow::watch(server.longest_pause()))
        .shutdown_timeout(server.shutdown_timeout.as_secs())
        .disable_signals();
    if let Some(workers) = server.workers {
        http = http.workers(workers.get());
    }
    Ok(http.listen(socket).context("server.bind")?.run())
}

fn management_server(
    sections: &Sections,
    socket: TcpListener,
    (readiness, backends, auth, directory, passwords): (
        Readiness,
        Backends,
        Auth,
        Arc<dyn Directory>,
        Passwords,
    ),
) -> Result<Server> {
    let server = &sections.server;
    let administration = Administration {
        directory: directory.clone(),
        audit: auth.audit().clone(),
    };
    let metrics = management::metrics::start()?;
    let body_timeout = server.body_timeout;
    let http = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(readiness.clone()))
            .app_data(Data::new(auth.clone()))
            .app_data(Data::new(directory.clone()))
            .app_data(Data::new(administration.clone()))
            .app_data(Data::new(passwords.clone()))
            .app_data(Data::new(metrics.clone()))
            .configure(management::configure)
            .configure(|cfg| backends.configure(cfg))
            .wrap(from_fn(move |request, next| {
                slow::bound_body(body_timeout, request, next)
            }))
            .wrap(from_fn(slow::note_request))
            .wrap(headers::protective())
    })
    .workers(sections.management.workers.get())
    .keep_alive(server.keep_alive)
    .client_request_timeout(server.head_timeout)
    .max_connections(server.max_connections.get())
    .on_connect(slow::watch(server.longest_pause()))
    .shutdown_timeout(server.shutdown_timeout.as_secs())
    .disable_signals();
    Ok(http.listen(socket).context("management.bind")?.run())
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
