//! The HTTP servers of the two listeners.
//!
//! Both equal the server that actix-web's `HttpServer` builds, except that a connection counts as open until
//! all its requests have been processed ([`count_until_processed`]).

use std::any::Any;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use actix_http::body::{BoxBody, MessageBody};
use actix_http::{HttpService, Request, Response, TlsAcceptorConfig};
use actix_server::GracefulShutdownSignal;
use actix_service::{Service, ServiceFactory, ServiceFactoryExt as _, map_config};
use actix_tls::accept::max_concurrent_tls_connect;
use actix_web::dev::{AppConfig, Extensions, Server, ServiceResponse};
use anyhow::{Context as _, Result};

use super::hot_swap::Application;
use crate::config;
use crate::http::completion::{InFlightRequests, count_until_processed};
use crate::http::timeouts;
use crate::tls::TlsIdentity;

/// How long a client may take to close a connection after it has received the last response.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// A listener that is not served yet.
pub(super) struct Listener<'a> {
    settings: &'a config::Server,
    /// Name of the listener, as in metrics.
    name: &'static str,
    /// Configuration key of the address.
    key: &'static str,
    socket: TcpListener,
    tls: Option<&'a TlsIdentity>,
    /// Number of workers; `None` means as many as there are CPU cores.
    workers: Option<NonZeroUsize>,
    in_flight: InFlightRequests,
}

impl<'a> Listener<'a> {
    /// Returns the listener for clients.
    pub(super) fn public(
        sections: &'a config::Sections,
        socket: TcpListener,
        tls: Option<&'a TlsIdentity>,
        in_flight: &InFlightRequests,
    ) -> Self {
        Self {
            settings: &sections.server,
            name: "public",
            key: "server.bind",
            socket,
            tls,
            workers: sections.server.workers,
            in_flight: in_flight.clone(),
        }
    }

    /// Returns the listener for operators, and for services that check tokens with the gateway.
    pub(super) fn management(
        sections: &'a config::Sections,
        socket: TcpListener,
        tls: Option<&'a TlsIdentity>,
        in_flight: &InFlightRequests,
    ) -> Self {
        Self {
            settings: &sections.server,
            name: "management",
            key: "management.bind",
            socket,
            tls,
            workers: Some(sections.management.workers),
            in_flight: in_flight.clone(),
        }
    }
}

/// Starts a server on a listener; each of its workers builds its service with `factory`. Fails if the socket or
/// the TLS configuration cannot be used.
pub(super) fn serve<R, A, B>(
    listener: Listener<'_>,
    application: &R,
    factory: fn(&R) -> A,
) -> Result<Server>
where
    R: Clone + Send + 'static,
    A: Application<B>,
    B: MessageBody + 'static,
{
    let Listener {
        settings,
        name,
        key,
        socket,
        tls,
        workers,
        in_flight,
    } = listener;
    let address = socket.local_addr().context(key)?;
    let max_connections = settings.max_connections.get();
    let mut server = Server::build()
        .max_concurrent_connections(max_connections)
        .shutdown_timeout(settings.shutdown_timeout.as_secs())
        .disable_signals();
    if let Some(workers) = workers {
        server = server.workers(workers.get());
    }
    let connections = ConnectionSettings {
        keep_alive: settings.keep_alive,
        head_timeout: settings.head_timeout,
        address,
        is_secure: tls.is_some(),
        watch: Arc::new(timeouts::watch_connections(name, settings.longest_pause())),
        shutdown: server.graceful_shutdown_signal(),
    };
    let application = application.clone();
    let server = match tls {
        None => server.listen(name, socket, move || {
            let http = connections.http(factory(&application));
            count_until_processed(http.tcp(), in_flight.clone())
        }),
        Some(tls) => {
            max_concurrent_tls_connect(max_connections);
            let tls = tls.server_config()?;
            server.listen(name, socket, move || {
                let acceptor = TlsAcceptorConfig::default();
                let acceptor = acceptor.handshake_timeout(connections.head_timeout);
                let http = connections.http(factory(&application));
                let http = http.rustls_0_23_with_config(tls.clone(), acceptor);
                count_until_processed(http, in_flight.clone())
            })
        }
    };
    Ok(server.context(key)?.run())
}

/// Callback that is called with each new connection.
type ConnectCallback = dyn Fn(&dyn Any, &mut Extensions) + Send + Sync;

/// Settings for the connections of a listener.
#[derive(Clone)]
struct ConnectionSettings {
    keep_alive: Duration,
    head_timeout: Duration,
    address: SocketAddr,
    is_secure: bool,
    watch: Arc<ConnectCallback>,
    shutdown: GracefulShutdownSignal,
}

impl ConnectionSettings {
    /// Returns the service factory that serves an application on connections of type `T`.
    fn http<T: 'static, A: Application<B>, B: MessageBody + 'static>(
        &self,
        application: A,
    ) -> HttpService<
        T,
        impl ServiceFactory<
            Request,
            Config = (),
            Response = ServiceResponse<B>,
            Error = Response<BoxBody>,
            InitError = (),
            Future: 'static,
            Service: Service<Request, Future: 'static>,
        > + use<T, A, B>,
        B,
    > {
        // Hidden in actix-web's documentation, but without an alternative: its only other public constructor is
        // `default()`, with `http` and `localhost:8080`, which would reach clients in URLs (tokenlogin's 404).
        // `HttpServer`, which sets both, cannot count connections as `count_until_processed` does.
        let (secure, address) = (self.is_secure, self.address);
        let config = AppConfig::__priv_test_new(secure, address.to_string(), address);
        let (shutdown, watch) = (self.shutdown.clone(), Arc::clone(&self.watch));
        let application = application.map_err(|error| error.error_response().into());
        HttpService::build()
            .graceful_shutdown_signal(move || {
                let shutdown = shutdown.clone();
                async move { shutdown.notified().await }
            })
            .keep_alive(self.keep_alive)
            .client_request_timeout(self.head_timeout)
            .client_disconnect_timeout(DISCONNECT_TIMEOUT)
            .h1_allow_half_closed(true)
            .local_addr(address)
            .on_connect_ext(move |stream: &T, data| watch(stream, data))
            .finish(map_config(application, move |()| config.clone()))
    }
}
