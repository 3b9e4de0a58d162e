//! The credentials with which PostgreSQL is entered, and the connections that were made with them.

use std::sync::{Arc, PoisonError, RwLock};

use secrecy::ExposeSecret as _;
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::pool::Connections;
use super::{PostgresSettings, address, failed, no_answer, reason};
use crate::access::AccessChange;
use crate::error::StoreError;

/// The credentials with which a [`PostgresDirectory`](super::PostgresDirectory) enters its server.
#[derive(Clone)]
pub struct PostgresAccess {
    current: Arc<RwLock<Current>>,
    runtime: Handle,
}

struct Current {
    options: PgConnectOptions,
    connections: Connections,
}

impl PostgresAccess {
    pub(super) fn new(
        options: PgConnectOptions,
        settings: &PostgresSettings,
        runtime: Handle,
    ) -> Self {
        Self {
            current: Arc::new(RwLock::new(Current::new(options, settings))),
            runtime,
        }
    }

    /// Uses the credentials and authorities of these settings from now on. Questions under way end with the
    /// connections that they have, which are then closed. Fails, and changes nothing, if the server does not
    /// accept them.
    pub async fn replace(&self, settings: &PostgresSettings) -> Result<AccessChange, StoreError> {
        let options = options(settings)?;
        if place(&options) != place(&self.options()) {
            return Ok(AccessChange::NeedsRestart);
        }
        let (limit, tried) = (settings.timeout, options.clone());
        let trial = self.runtime.spawn(timeout(limit, async move {
            PgConnection::connect_with(&tried).await?.close().await
        }));
        match trial.await.map_err(failed)? {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(failed(reason(&error))),
            Err(_) => return Err(failed(no_answer(limit))),
        }
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Current::new(options, settings);
        Ok(AccessChange::Made)
    }

    /// How the tables are changed.
    pub(super) fn options(&self) -> PgConnectOptions {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.options.clone()
    }

    /// The connections for everything else.
    pub(super) fn connections(&self) -> Connections {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.connections.clone()
    }
}

impl Current {
    fn new(options: PgConnectOptions, settings: &PostgresSettings) -> Self {
        let questions = address::for_questions(options.clone(), settings.timeout);
        Self {
            options,
            connections: Connections::new(questions, settings.connections),
        }
    }
}

/// Reads the address. The parser's message may quote it, and with it a password.
pub(super) fn options(settings: &PostgresSettings) -> Result<PgConnectOptions, StoreError> {
    let options = address::read(settings.url.expose_secret()).ok_or_else(|| {
        failed("the address is not postgres://[user:password@]host[:port]/database")
    })?;
    Ok(address::for_migrations(
        options,
        settings.ca_file.as_deref(),
    ))
}

/// All that tells one database from another.
fn place(options: &PgConnectOptions) -> impl PartialEq + use<> {
    (
        options.get_host().to_owned(),
        options.get_port(),
        options.get_socket().cloned(),
        options.get_database().map(str::to_owned),
    )
}
