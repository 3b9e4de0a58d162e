//! The servers behind the two listeners.

use std::net::TcpListener;

use actix_web::HttpServer;
use actix_web::dev::Server;
use anyhow::{Context as _, Result};

use crate::app::{Ingredients, app};
use crate::config::{self, Sections};
use crate::renewal::Renewal;
use crate::tls::Identity;
use crate::{management, slow};

/// The one for clients.
pub(super) fn public_server(
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

/// The one for operators, and for the services behind the gateway.
pub(super) fn management_server(
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
