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

use crate::connector::Dialer;
use crate::server_name::failed_at;

/// How long a command waits for a new client that is being connected. With servers that respond, connecting
/// takes a few milliseconds.
const GRACE: Duration = Duration::from_millis(100);
/// Minimum time between the end of one replacement and the start of the next, unless a connection is silent.
const REST: Duration = Duration::from_secs(1);

/// The client of a cluster.
pub(super) struct Client {
    connects: ClusterClient,
    dialer: Dialer,
    /// Names the cluster in errors.
    name: String,
    /// Time limit for connecting.
    entering: Duration,
    /// How long to wait while another caller is connecting.
    waiting_time: Duration,
    making: tokio::sync::Mutex<()>,
    state: Mutex<State>,
    replaced: Notify,
}

#[derive(Default)]
struct State {
    current: Option<Connected>,
    /// Start of the replacement in progress.
    replacing: Option<Instant>,
    /// End of the last replacement.
    rested: Option<Instant>,
}

/// Connections to all servers.
#[derive(Clone)]
pub(super) struct Connected {
    pub(super) connection: ClusterConnection,
    made: Instant,
}

impl Client {
    pub(super) fn new(
        connects: ClusterClient,
        dialer: Dialer,
        name: String,
        (entering, waiting_time): (Duration, Duration),
    ) -> Arc<Self> {
        Arc::new(Self {
            connects,
            dialer,
            name,
            entering,
            waiting_time,
            making: tokio::sync::Mutex::default(),
            state: Mutex::default(),
            replaced: Notify::new(),
        })
    }

    /// Returns the connections to send a command over.
    pub(super) async fn get(&self) -> Result<Connected, StoreError> {
        let mut replaced = pin!(self.replaced.notified());
        replaced.as_mut().enable();
        let (current, replacing) = {
            let state = self.state();
            (state.current.clone(), state.replacing)
        };
        let Some(current) = current else {
            return self.first().await;
        };
        let left = replacing.map(|since| GRACE.saturating_sub(since.elapsed()));
        if let Some(left) = left
            && timeout(left, replaced).await.is_ok()
        {
            return Ok(self.state().current.clone().unwrap_or(current));
        }
        Ok(current)
    }

    async fn first(&self) -> Result<Connected, StoreError> {
        let _making = timeout(self.waiting_time, self.making.lock())
            .await
            .map_err(|_| failed_at(&self.name, "no connection in time"))?;
        if let Some(current) = self.state().current.clone() {
            return Ok(current);
        }
        let made = self.make().await?;
        self.state().current = Some(made.clone());
        Ok(made)
    }

    async fn make(&self) -> Result<Connected, StoreError> {
        let entering = timeout(self.entering, self.connects.get_async_connection());
        let entered = self.dialer.inside(entering).await;
        let entered = entered.map_err(|_| failed_at(&self.name, "no connection in time"))?;
        let connection = entered.map_err(|error| failed_at(&self.name, error))?;
        let made = Instant::now();
        Ok(Connected { connection, made })
    }

    /// Replaces these connections, of which one was silent.
    pub(super) fn replace(self: &Arc<Self>, silent: &Connected) {
        self.start_replacing(silent, Duration::ZERO);
    }

    /// Replaces these connections unless that was done just before: a server could not handle requests, or a
    /// connection broke, and the library may not recover from that.
    pub(super) fn doubt(self: &Arc<Self>, failed: &Connected) {
        self.start_replacing(failed, REST);
    }

    fn start_replacing(self: &Arc<Self>, failed: &Connected, rest: Duration) {
        {
            let mut state = self.state();
            let is_current = |current: &Connected| current.made == failed.made;
            let has_rested = state.rested.is_none_or(|ended| ended.elapsed() >= rest);
            if state.replacing.is_some()
                || !has_rested
                || !state.current.as_ref().is_some_and(is_current)
            {
                return;
            }
            state.replacing = Some(Instant::now());
        }
        let client = Arc::clone(self);
        self.dialer.runtime().spawn(async move {
            let made = client.make().await;
            {
                let mut state = client.state();
                (state.replacing, state.rested) = (None, Some(Instant::now()));
                match made {
                    Ok(made) => state.current = Some(made),
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
