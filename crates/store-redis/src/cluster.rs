//! A cluster: each command goes to the server that has its key.
//!
//! The library's client knows which server has which slot, keeps one connection to each, and repairs both. It is
//! configured never to send a command twice, as it cannot know which commands may be repeated. This crate
//! decides that for each command. The commands of one pipeline are sent concurrently, each to its server, and
//! take effect in any order.

mod confirmation;
mod replaceable_client;
mod router;
mod slots;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures_util::future::join_all;
use isogloss_core::StoreError;
use redis::cluster::ClusterClient;
use redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo};
use redis::{Cmd, ConnectionInfo, FromRedisValue, ProtocolVersion, RedisError, RedisResult, cmd};
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use self::replaceable_client::{ClusterConnections, ReplaceableClient};
use self::router::{ClusterRouter, ServerOfKey};
use self::slots::{Slots, contain_key, parse_primaries};
use super::RedisSettings;
use super::connector::{Connector, connection_info, is_tls, tcp_settings};
use super::error::redis_error;
use super::error_class::ErrorClass;
use super::request::{Request, Response, RetryPolicy};
use super::server_name::{error_at, server_name, server_names};
use super::wait_replicas::WaitReplicas;

/// A cluster.
pub(super) struct Cluster {
    seed: ConnectionInfo,
    /// Names the configured servers in errors.
    name: String,
    /// The servers that were last known, with their slots.
    known: RwLock<Vec<(ConnectionInfo, Slots)>>,
    connector: Connector,
    all: Arc<ReplaceableClient>,
    /// Separate connections for `WAIT`, which blocks all later commands on its connection.
    waiting: Arc<ReplaceableClient>,
    timeout: Duration,
    replicas: WaitReplicas,
}

impl Cluster {
    pub(super) fn new(
        servers: Vec<ConnectionInfo>,
        connector: Connector,
        settings: &RedisSettings,
    ) -> Result<Self, StoreError> {
        let seed = servers
            .first()
            .ok_or_else(|| redis_error("no server"))?
            .clone();
        let name = format!("the cluster at {}", server_names(&servers));
        let known = servers.iter().cloned().map(|server| (server, Slots::new()));
        let known = RwLock::new(known.collect());
        let mut client = ClusterClient::builder(servers)
            // With RESP3, a broken connection is noticed when it breaks, not when it is used.
            .use_protocol(ProtocolVersion::RESP3)
            .retries(0)
            .connection_timeout(settings.connect_timeout)
            // Slightly less than the time limit of a whole command, so that the error names the silent server.
            .response_timeout(settings.timeout.mul_f64(0.95))
            .tcp_settings(tcp_settings());
        if let Some(certificates) = connector.certificates() {
            client = client.certs(certificates);
        }
        let client = client.build().map_err(redis_error)?;
        // Connecting to the configured servers, to those that they name, and reading the slot map.
        let connection_time_limit = settings.connect_timeout * 2 + settings.timeout;
        let times = (connection_time_limit, settings.pool_timeout);
        let client =
            || ReplaceableClient::new(client.clone(), connector.clone(), name.clone(), times);
        Ok(Self {
            all: client(),
            waiting: client(),
            seed,
            name,
            known,
            connector,
            timeout: settings.timeout,
            replicas: WaitReplicas::from_settings(settings),
        })
    }

    pub(super) async fn send<T: FromRedisValue>(
        &self,
        request: Request<'_>,
        retry: RetryPolicy,
    ) -> Result<Response<T>, StoreError> {
        let waits = retry == RetryPolicy::Revocation && self.replicas.is_required();
        let client = if waits { &self.waiting } else { &self.all };
        let connected = client.get().await?;
        let server_of_key = |key: &[u8]| self.name_of_server(key);
        let connection_and_names = (
            connected.connection.clone(),
            &server_of_key as &ServerOfKey<'_>,
        );
        let mut router =
            ClusterRouter::new(connection_and_names, retry, &self.connector, &self.seed);
        if waits {
            router.wait_after_redirects(self.replicas.wait_command());
        }
        let sent = timeout(self.timeout, request.send(&mut router)).await;
        let value = self.checked_response((client, &connected), sent)?;
        let mut replicated = Ok(());
        if waits {
            let waited = router.wait(self.replicas.wait_command()).await;
            if waited.as_ref().is_err_and(RedisError::is_timeout) {
                client.replace(&connected);
            }
            replicated = self.replicas.check(&self.name, waited);
        }
        Ok(Response { value, replicated })
    }

    /// Returns the response. Fails with the error of the request, or if it timed out; connections that may be
    /// the cause are replaced.
    fn checked_response<T>(
        &self,
        (client, connected): (&Arc<ReplaceableClient>, &ClusterConnections),
        sent: Result<RedisResult<T>, Elapsed>,
    ) -> Result<T, StoreError> {
        match sent {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => {
                if error.is_timeout() {
                    self.record_timeout(client, connected, &error);
                } else if ErrorClass::of_error(&error).closes_connection() {
                    client.replace_if_rested(connected);
                }
                Err(self.error(error))
            }
            Err(_) => {
                let silent = "no answer in time";
                self.record_timeout(client, connected, &silent);
                Err(self.error(silent))
            }
        }
    }

    /// Returns the addresses of the primaries: at least one, and together they have all slots. Fails if they
    /// cannot be queried or do not have all slots; the error names the servers that are unreachable.
    pub(super) async fn primaries(&self) -> Result<Vec<ConnectionInfo>, StoreError> {
        let primaries = self.primaries_with_slots().await?.into_iter();
        Ok(primaries.map(|(server, _)| server).collect())
    }

    /// Returns the addresses of the primaries, each with its slots. Fails if they cannot be queried or do not
    /// have all slots; the error names the servers that are unreachable.
    async fn primaries_with_slots(&self) -> Result<Vec<(ConnectionInfo, Slots)>, StoreError> {
        match self.query_primaries().await {
            Ok(primaries) => {
                let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
                known.clone_from(&primaries);
                Ok(primaries)
            }
            Err(error) => Err(self.unreachable(error).await),
        }
    }

    /// Sends the command `ping` to every primary. Fails if one does not respond, or if a slot has no primary;
    /// the error names the servers that are unreachable.
    pub(super) async fn ping(&self, ping: &Cmd) -> Result<(), StoreError> {
        self.primaries().await?;
        match self.send(ping.into(), RetryPolicy::Idempotent).await {
            Ok(Response { value: (), .. }) => Ok(()),
            Err(error) => Err(self.unreachable(error).await),
        }
    }

    /// Tries to connect to every known server, and returns the errors of those that are unreachable. Returns
    /// `failure` if all are reachable.
    async fn unreachable(&self, failure: StoreError) -> StoreError {
        let known = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            known.clone()
        };
        let attempts = known.iter().map(async |(server, _)| {
            let connected = self.connector.connect(server).await;
            connected
                .err()
                .map(|error| format!("{}: {error}", server_name(server)))
        });
        let found: Vec<_> = join_all(attempts).await.into_iter().flatten().collect();
        if found.is_empty() {
            failure
        } else {
            redis_error(found.join("; "))
        }
    }

    /// Returns the name of the cluster for errors.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn error(&self, error: impl std::fmt::Display) -> StoreError {
        error_at(&self.name, error)
    }

    async fn query_primaries(&self) -> Result<Vec<(ConnectionInfo, Slots)>, StoreError> {
        let connected = self.all.get().await?;
        let mut slots = cmd("CLUSTER");
        slots.arg("SLOTS");
        // Queries every primary: one that is cut off from the others does not know of a failover.
        let everywhere = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
        let mut connection = connected.connection.clone();
        let sent = timeout(self.timeout, connection.route_command(slots, everywhere)).await;
        let primaries = match sent {
            Ok(Ok(responses)) => parse_primaries(responses),
            Ok(Err(error)) if error.is_timeout() => {
                self.record_timeout(&self.all, &connected, &error);
                Err(self.error(error))
            }
            Ok(Err(error)) => Err(self.error(error)),
            Err(_) => {
                let silent = "no answer in time";
                self.record_timeout(&self.all, &connected, &silent);
                Err(self.error(silent))
            }
        };
        if primaries.is_err() {
            self.all.replace_if_rested(&connected);
        }
        let tls = is_tls(&self.seed);
        let primaries = primaries?.into_iter().map(|(one, slots)| {
            let server = connection_info(one.host, one.port, tls, self.seed.redis_settings())?;
            Ok((server, slots))
        });
        primaries.collect::<RedisResult<_>>().map_err(redis_error)
    }

    /// Returns the name of the server that has `key`, according to the last slot map. `None` if there is no
    /// slot map yet.
    fn name_of_server(&self, key: &[u8]) -> Option<String> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let mut known = known.iter();
        let server = known.find(|(_, slots)| contain_key(slots, key));
        server.map(|(server, _)| server_name(server))
    }

    /// Logs that a request of `client` timed out, and replaces all connections of that client.
    fn record_timeout(
        &self,
        client: &Arc<ReplaceableClient>,
        connected: &ClusterConnections,
        error: &impl std::fmt::Display,
    ) {
        self.connector
            .timeout_log()
            .record(&format!("{}: {error}", self.name));
        client.replace(connected);
    }
}
