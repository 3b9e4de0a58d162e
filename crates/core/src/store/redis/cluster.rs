//! A cluster: each command goes to the server that has its key.
//!
//! The library's client knows which server has which slot, keeps one connection to each, and
//! mends both. It is told never to send a command twice: it cannot tell which ones bear that.
//! That is decided here, command by command. Commands of one pipeline go out side by side, each
//! to its server, and take effect in any order.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use ::redis::cluster::ClusterClient;
use ::redis::cluster_async::ClusterConnection;
use ::redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo};
use ::redis::{Cmd, ConnectionInfo, FromRedisValue, ProtocolVersion, RedisResult, cmd};
use futures_util::future::join_all;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::RedisSettings;
use super::dialer::{Dialer, is_tls, server_at};
use super::fault::Fault;
use super::link::failed;
use super::name::{failed_at, name_of, names_of};
use super::question::{Manner, Question};
use super::replicas::Replicas;
use super::topology::primaries_of;
use super::wire::Wire;
use crate::error::StoreError;

/// So many failures without one answer in between, and the client is made anew from the addresses
/// of the configuration.
const PATIENCE: u32 = 8;

/// A cluster.
pub(super) struct Cluster {
    client: ClusterClient,
    seed: ConnectionInfo,
    /// Names those of the configuration in errors.
    name: String,
    /// The servers that were known last.
    known: RwLock<Vec<ConnectionInfo>>,
    dialer: Dialer,
    all: Mutex<Option<ClusterConnection>>,
    /// `WAIT` holds up whatever comes after it on its connection.
    waiting: Mutex<Option<ClusterConnection>>,
    failures: AtomicU32,
    entering: Duration,
    waiting_time: Duration,
    timeout: Duration,
    replicas: Replicas,
}

impl Cluster {
    pub(super) fn new(
        servers: Vec<ConnectionInfo>,
        dialer: Dialer,
        settings: &RedisSettings,
    ) -> Result<Self, StoreError> {
        let seed = servers.first().ok_or_else(|| failed("no server"))?.clone();
        let name = format!("the cluster at {}", names_of(&servers));
        let known = RwLock::new(servers.clone());
        let mut client = ClusterClient::builder(servers)
            // With it, a broken connection is noticed when it breaks, not when it is used.
            .use_protocol(ProtocolVersion::RESP3)
            .retries(0)
            .connection_timeout(settings.connect_timeout)
            .response_timeout(settings.timeout);
        if let Some(certificates) = dialer.certificates() {
            client = client.certs(certificates);
        }
        Ok(Self {
            client: client.build().map_err(failed)?,
            seed,
            name,
            known,
            dialer,
            all: Mutex::default(),
            waiting: Mutex::default(),
            failures: AtomicU32::default(),
            // To those we know, to those they know, and the map.
            entering: settings.connect_timeout * 2 + settings.timeout,
            waiting_time: settings.pool_timeout,
            timeout: settings.timeout,
            replicas: Replicas::of(settings),
        })
    }

    pub(super) async fn put<T: FromRedisValue>(
        &self,
        question: Question<'_>,
        manner: Manner,
    ) -> Result<T, StoreError> {
        let waits = manner == Manner::Revocation && self.replicas.are_wanted();
        let kept = if waits { &self.waiting } else { &self.all };
        let connection = self.connection(kept).await?;
        let mut wire = Wire::new(connection, manner, &self.dialer, &self.seed);
        let asked = timeout(self.timeout, question.put(&mut wire)).await;
        match &asked {
            Ok(Err(error)) => self.note(kept, Fault::of(error)).await,
            Err(_) => self.note(kept, Fault::Broken).await,
            Ok(Ok(_)) => self.failures.store(0, Ordering::Relaxed),
        }
        let answer = asked.map_err(|_| self.failed("no answer in time"))?;
        let answer = answer.map_err(|error| self.failed(error))?;
        if waits {
            let waited = wire.wait(self.replicas.wait()).await;
            self.replicas.suffice(&self.name, waited)?;
        }
        Ok(answer)
    }

    /// Returns where the primaries are: at least one, and together they have all slots.
    pub(super) async fn places(&self) -> Result<Vec<ConnectionInfo>, StoreError> {
        match self.primaries().await {
            Ok(places) => {
                let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
                known.clone_from(&places);
                Ok(places)
            }
            Err(error) => Err(self.unreachable(error).await),
        }
    }

    /// Checks that commands are answered, while all slots have a primary.
    pub(super) async fn ping(&self, ping: &Cmd) -> Result<(), StoreError> {
        self.places().await?;
        match self.put(ping.into(), Manner::Repeatable).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.unreachable(error).await),
        }
    }

    /// Names the servers that cannot be reached, where a failure of the cluster does not say which those are.
    async fn unreachable(&self, failure: StoreError) -> StoreError {
        let known = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            known.clone()
        };
        let tried = known.iter().map(async |server| {
            let dialled = self.dialer.dial(server).await;
            dialled
                .err()
                .map(|error| format!("{}: {error}", name_of(server)))
        });
        let found: Vec<_> = join_all(tried).await.into_iter().flatten().collect();
        if found.is_empty() {
            failure
        } else {
            failed(found.join("; "))
        }
    }

    /// Returns what names it in errors.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn failed(&self, error: impl std::fmt::Display) -> StoreError {
        failed_at(&self.name, error)
    }

    async fn primaries(&self) -> Result<Vec<ConnectionInfo>, StoreError> {
        let mut connection = self.connection(&self.all).await?;
        let mut slots = cmd("CLUSTER");
        slots.arg("SLOTS");
        // Every primary: one that is cut off from the others does not know of a failover.
        let everywhere = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
        let asked = timeout(self.timeout, connection.route_command(slots, everywhere)).await;
        let asked = asked.map_err(|_| self.failed("no answer in time"));
        let asked = asked.and_then(|answer| answer.map_err(|error| self.failed(error)));
        let primaries = match asked {
            Ok(responses) => primaries_of(responses),
            Err(error) => Err(error),
        };
        if primaries.is_err() {
            self.note(&self.all, Fault::Unfit).await;
        }
        let tls = is_tls(&self.seed);
        let places = primaries?.into_iter();
        places
            .map(|one| server_at(one.host, one.port, tls, self.seed.redis_settings()))
            .collect::<RedisResult<_>>()
            .map_err(failed)
    }

    async fn connection(
        &self,
        kept: &Mutex<Option<ClusterConnection>>,
    ) -> Result<ClusterConnection, StoreError> {
        // Who waits here waits for somebody who is connecting.
        let mut kept = timeout(self.waiting_time, kept.lock())
            .await
            .map_err(|_| self.failed("no connection in time"))?;
        if let Some(connection) = kept.as_ref() {
            return Ok(connection.clone());
        }
        let entering = timeout(self.entering, self.client.get_async_connection());
        let made = self
            .dialer
            .inside(entering)
            .await
            .map_err(|_| self.failed("no connection in time"))?
            .map_err(|error| self.failed(error))?;
        *kept = Some(made.clone());
        Ok(made)
    }

    async fn note(&self, kept: &Mutex<Option<ClusterConnection>>, fault: Fault) {
        if fault == Fault::Refused {
            self.failures.store(0, Ordering::Relaxed);
        } else if self.failures.fetch_add(1, Ordering::Relaxed) + 1 >= PATIENCE {
            self.failures.store(0, Ordering::Relaxed);
            *kept.lock().await = None;
        }
    }
}
