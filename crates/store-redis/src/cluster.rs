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

use self::replaceable_client::{Client, Connected};
use self::router::{NameOf, Wire};
use self::slots::{Slots, have_key, primaries_of};
use super::RedisSettings;
use super::connector::{Dialer, is_tls, server_at, tcp_settings};
use super::error::failed;
use super::error_class::Fault;
use super::request::{Answered, Manner, Question};
use super::server_name::{failed_at, name_of, names_of};
use super::wait_replicas::Replicas;

/// A cluster.
pub(super) struct Cluster {
    seed: ConnectionInfo,
    /// Names the configured servers in errors.
    name: String,
    /// The servers that were last known, with their slots.
    known: RwLock<Vec<(ConnectionInfo, Slots)>>,
    dialer: Dialer,
    all: Arc<Client>,
    /// Separate connections for `WAIT`, which blocks all later commands on its connection.
    waiting: Arc<Client>,
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
        if let Some(certificates) = dialer.certificates() {
            client = client.certs(certificates);
        }
        let client = client.build().map_err(failed)?;
        // Connecting to the configured servers, to those that they name, and reading the slot map.
        let entering = settings.connect_timeout * 2 + settings.timeout;
        let times = (entering, settings.pool_timeout);
        let client = || Client::new(client.clone(), dialer.clone(), name.clone(), times);
        Ok(Self {
            all: client(),
            waiting: client(),
            seed,
            name,
            known,
            dialer,
            timeout: settings.timeout,
            replicas: Replicas::of(settings),
        })
    }

    pub(super) async fn put<T: FromRedisValue>(
        &self,
        question: Question<'_>,
        manner: Manner,
    ) -> Result<Answered<T>, StoreError> {
        let waits = manner == Manner::Revocation && self.replicas.are_wanted();
        let client = if waits { &self.waiting } else { &self.all };
        let connected = client.get().await?;
        let named = |key: &[u8]| self.name_of_server(key);
        let way = (connected.connection.clone(), &named as &NameOf<'_>);
        let mut wire = Wire::new(way, manner, &self.dialer, &self.seed);
        if waits {
            wire.wait_elsewhere(self.replicas.wait());
        }
        let asked = timeout(self.timeout, question.put(&mut wire)).await;
        let answer = self.answered((client, &connected), asked)?;
        let mut replicated = Ok(());
        if waits {
            let waited = wire.wait(self.replicas.wait()).await;
            if waited.as_ref().is_err_and(RedisError::is_timeout) {
                client.replace(&connected);
            }
            replicated = self.replicas.suffice(&self.name, waited);
        }
        Ok(Answered { answer, replicated })
    }

    /// Returns the response or the error. Replaces connections that may be the cause.
    fn answered<T>(
        &self,
        (client, connected): (&Arc<Client>, &Connected),
        asked: Result<RedisResult<T>, Elapsed>,
    ) -> Result<T, StoreError> {
        match asked {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                if error.is_timeout() {
                    self.is_silent(client, connected, &error);
                } else if Fault::of(&error).spoils_the_connection() {
                    client.doubt(connected);
                }
                Err(self.failed(error))
            }
            Err(_) => {
                let silent = "no answer in time";
                self.is_silent(client, connected, &silent);
                Err(self.failed(silent))
            }
        }
    }

    /// Returns the addresses of the primaries: at least one, and together they have all slots.
    pub(super) async fn places(&self) -> Result<Vec<ConnectionInfo>, StoreError> {
        let places = self.places_and_slots().await?.into_iter();
        Ok(places.map(|(server, _)| server).collect())
    }

    /// Returns the addresses of the primaries, each with its slots.
    async fn places_and_slots(&self) -> Result<Vec<(ConnectionInfo, Slots)>, StoreError> {
        match self.primaries().await {
            Ok(places) => {
                let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
                known.clone_from(&places);
                Ok(places)
            }
            Err(error) => Err(self.unreachable(error).await),
        }
    }

    /// Checks that commands succeed, and that all slots have a primary.
    pub(super) async fn ping(&self, ping: &Cmd) -> Result<(), StoreError> {
        self.places().await?;
        match self.put(ping.into(), Manner::Repeatable).await {
            Ok(Answered { answer: (), .. }) => Ok(()),
            Err(error) => Err(self.unreachable(error).await),
        }
    }

    /// Returns the errors of the unreachable servers, which `failure` may not name; or `failure` if there are none.
    async fn unreachable(&self, failure: StoreError) -> StoreError {
        let known = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            known.clone()
        };
        let tried = known.iter().map(async |(server, _)| {
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

    /// Returns the name of the cluster for errors.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn failed(&self, error: impl std::fmt::Display) -> StoreError {
        failed_at(&self.name, error)
    }

    async fn primaries(&self) -> Result<Vec<(ConnectionInfo, Slots)>, StoreError> {
        let connected = self.all.get().await?;
        let mut slots = cmd("CLUSTER");
        slots.arg("SLOTS");
        // Queries every primary: one that is cut off from the others does not know of a failover.
        let everywhere = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
        let mut connection = connected.connection.clone();
        let asked = timeout(self.timeout, connection.route_command(slots, everywhere)).await;
        let primaries = match asked {
            Ok(Ok(responses)) => primaries_of(responses),
            Ok(Err(error)) if error.is_timeout() => {
                self.is_silent(&self.all, &connected, &error);
                Err(self.failed(error))
            }
            Ok(Err(error)) => Err(self.failed(error)),
            Err(_) => {
                let silent = "no answer in time";
                self.is_silent(&self.all, &connected, &silent);
                Err(self.failed(silent))
            }
        };
        if primaries.is_err() {
            self.all.doubt(&connected);
        }
        let tls = is_tls(&self.seed);
        let places = primaries?.into_iter().map(|(one, slots)| {
            let server = server_at(one.host, one.port, tls, self.seed.redis_settings())?;
            Ok((server, slots))
        });
        places.collect::<RedisResult<_>>().map_err(failed)
    }

    /// Returns the name of the server that has a key. `None` if it is not known.
    fn name_of_server(&self, key: &[u8]) -> Option<String> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let mut known = known.iter();
        let server = known.find(|(_, slots)| have_key(slots, key));
        server.map(|(server, _)| name_of(server))
    }

    /// Logs that a connection was silent, and replaces all connections of this client.
    fn is_silent(
        &self,
        client: &Arc<Client>,
        connected: &Connected,
        error: &impl std::fmt::Display,
    ) {
        self.dialer
            .silence()
            .log(&format!("{}: {error}", self.name));
        client.replace(connected);
    }
}
