//! The client of a cluster, replaced by a new one when one of its connections is silent.
//!
//! The library reconnects a connection that breaks, but never one that is silent. It keeps one connection to
//! each server and cannot give up a single one, so the whole client is replaced. The old client is used until
//! the new one is connected: requests to servers that respond do not wait for the silent one.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use isogloss_core::StoreError;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use tokio::sync::Notify;
use tokio::time::timeout;
use tracing::debug;

use crate::connector::Connector;
use crate::server_name::error_at;

/// How long a command waits for a new client that is being connected. With servers that respond, connecting
/// takes a few milliseconds.
const WAIT_FOR_REPLACEMENT: Duration = Duration::from_millis(100);
/// Minimum time between the end of one replacement and the start of the next, unless a connection is silent.
const PAUSE: Duration = Duration::from_secs(1);

/// The client of a cluster.
pub(super) struct ReplaceableClient {
    inner: ClusterClient,
    connector: Connector,
    /// Names the cluster in errors.
    name: String,
    /// Time limit for connecting.
    connection_time_limit: Duration,
    /// How long to wait while another caller is connecting.
    wait_limit: Duration,
    connecting: tokio::sync::Mutex<()>,
    state: Mutex<State>,
    replaced: Notify,
}

#[derive(Default)]
struct State {
    current: Option<ClusterConnections>,
    /// Start of the replacement in progress.
    replacing: Option<Instant>,
    /// End of the last replacement.
    last_replaced: Option<Instant>,
}

/// Connections to all servers.
#[derive(Clone)]
pub(super) struct ClusterConnections {
    pub(super) connection: ClusterConnection,
    opened: Instant,
}

impl ReplaceableClient {
    pub(super) fn new(
        inner: ClusterClient,
        connector: Connector,
        name: String,
        (connection_time_limit, wait_limit): (Duration, Duration),
    ) -> Arc<Self> {
        Arc::new(Self {
            inner,
            connector,
            name,
            connection_time_limit,
            wait_limit,
            connecting: tokio::sync::Mutex::default(),
            state: Mutex::default(),
            replaced: Notify::new(),
        })
    }

    /// Returns the connections to send a command over. Connects first if there are none yet, and fails if no
    /// connection can be opened in time. While the connections are being replaced, waits up to 100 ms for the new
    /// ones and returns the old ones after that.
    pub(super) async fn get(&self) -> Result<ClusterConnections, StoreError> {
        let mut replaced = pin!(self.replaced.notified());
        replaced.as_mut().enable();
        let (current, replacing) = {
            let state = self.state();
            (state.current.clone(), state.replacing)
        };
        let Some(current) = current else {
            return self.connect_first().await;
        };
        let left = replacing.map(|since| WAIT_FOR_REPLACEMENT.saturating_sub(since.elapsed()));
        if let Some(left) = left
            && timeout(left, replaced).await.is_ok()
        {
            return Ok(self.state().current.clone().unwrap_or(current));
        }
        Ok(current)
    }

    async fn connect_first(&self) -> Result<ClusterConnections, StoreError> {
        let _only_one = timeout(self.wait_limit, self.connecting.lock())
            .await
            .map_err(|_| error_at(&self.name, "no connection in time"))?;
        if let Some(current) = self.state().current.clone() {
            return Ok(current);
        }
        let opened = self.connect().await?;
        self.state().current = Some(opened.clone());
        Ok(opened)
    }

    async fn connect(&self) -> Result<ClusterConnections, StoreError> {
        let connecting = timeout(
            self.connection_time_limit,
            self.inner.get_async_connection(),
        );
        let connected = self.connector.on_own_runtime(connecting).await;
        let connected = connected.map_err(|_| error_at(&self.name, "no connection in time"))?;
        let connection = connected.map_err(|error| error_at(&self.name, error))?;
        let opened = Instant::now();
        Ok(ClusterConnections { connection, opened })
    }

    /// Starts to replace the connections `silent`, on one of which a request timed out. Does nothing if they
    /// have been replaced already, or are being replaced.
    pub(super) fn replace(self: &Arc<Self>, silent: &ClusterConnections) {
        self.start_replacing(silent, Duration::ZERO);
    }

    /// Starts to replace the connections `failed`, unless the last replacement ended less than a second ago.
    /// Called when a server could not handle requests or a connection broke, as the library may not recover
    /// from that.
    pub(super) fn replace_if_rested(self: &Arc<Self>, failed: &ClusterConnections) {
        self.start_replacing(failed, PAUSE);
    }

    fn start_replacing(self: &Arc<Self>, failed: &ClusterConnections, pause: Duration) {
        {
            let mut state = self.state();
            let is_current = |current: &ClusterConnections| current.opened == failed.opened;
            let is_due = state
                .last_replaced
                .is_none_or(|ended| ended.elapsed() >= pause);
            if state.replacing.is_some()
                || !is_due
                || !state.current.as_ref().is_some_and(is_current)
            {
                return;
            }
            state.replacing = Some(Instant::now());
        }
        let client = Arc::clone(self);
        self.connector.runtime().spawn(async move {
            let opened = client.connect().await;
            {
                let mut state = client.state();
                (state.replacing, state.last_replaced) = (None, Some(Instant::now()));
                match opened {
                    Ok(opened) => state.current = Some(opened),
                    Err(error) => debug!(%error, "the connections to the cluster are kept"),
                }
            }
            client.replaced.notify_waiters();
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
