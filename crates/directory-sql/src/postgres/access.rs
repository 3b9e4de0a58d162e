//! The credentials for PostgreSQL, and the connections that were opened with them.

use std::sync::{Arc, PoisonError, RwLock};

use isogloss_core::{AccessChange, StoreError};
use sqlx::Connection as _;
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::pool::Connections;
use super::servers::Servers;
use super::{PostgresSettings, failed, no_answer, reason, servers};

/// The credentials of a [`PostgresDirectory`](super::PostgresDirectory), which can be changed while it is in use.
#[derive(Clone)]
pub struct PostgresAccess {
    current: Arc<RwLock<Current>>,
    runtime: Handle,
}

struct Current {
    servers: Servers,
    connections: Connections,
}

impl PostgresAccess {
    pub(super) fn new(servers: Servers, settings: &PostgresSettings, runtime: Handle) -> Self {
        Self {
            current: Arc::new(RwLock::new(Current::new(servers, settings))),
            runtime,
        }
    }

    /// Uses the credentials and certificate authorities of `settings` from now on, and returns
    /// [`AccessChange::Made`]. Running queries finish on their connections, which are then closed. Returns
    /// [`AccessChange::NeedsRestart`], and changes nothing, if the address leads to other servers or databases.
    ///
    /// # Errors
    /// If the settings are invalid, or if no server accepts the credentials in time; nothing is changed then.
    pub async fn replace(&self, settings: &PostgresSettings) -> Result<AccessChange, StoreError> {
        let servers = servers(settings).map_err(failed)?;
        if servers.places() != self.servers().places() {
            return Ok(AccessChange::NeedsRestart);
        }
        let (limit, tried) = (settings.timeout, servers.clone());
        let trial = self.runtime.spawn(timeout(limit, async move {
            tried.connect().await?.close().await
        }));
        match trial.await.map_err(failed)? {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(failed(reason(&error))),
            Err(_) => return Err(failed(no_answer(&servers, limit))),
        }
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Current::new(servers, settings);
        Ok(AccessChange::Made)
    }

    /// Returns the servers without a time limit on the server's side, for changes of the tables.
    pub(super) fn servers(&self) -> Servers {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.servers.clone()
    }

    /// Returns the connections for everything except changes of the tables.
    pub(super) fn connections(&self) -> Connections {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.connections.clone()
    }
}

impl Current {
    fn new(servers: Servers, settings: &PostgresSettings) -> Self {
        let queries = servers.limited_to(settings.timeout);
        Self {
            servers,
            connections: Connections::new(queries, settings.connections, settings.timeout),
        }
    }
}
