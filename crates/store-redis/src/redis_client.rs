//! The client of Redis, in every topology.
//!
//! # No effect lost or doubled
//!
//! A request is sent again in two cases only:
//!
//! - A server responded that another one must be used (`READONLY`, `MOVED`, `ASK`). It has executed nothing.
//!   The second attempt uses a connection that was opened after the primary was looked up again. In a
//!   cluster, it goes to the server that the redirect names, and to at most four more that are named in turn.
//! - The connection broke, and the request has the same effect and the same response when it is
//!   repeated: [`RedisClient::run`] and [`RedisClient::run_pipeline`]. It is repeated once only. `GET`, `SET` of the
//!   same value, `DEL`, `ZADD` and `ZREM` are such requests.
//!
//! Requests whose second response would differ go through [`RedisClient::run_script`] and
//! [`RedisClient::run_revocation`]: if the response to a `GETDEL` that took a token is lost, the response to a second
//! one would be "none". If the connection breaks, the result is an error, and the caller responds with "unavailable".
//! So that a connection which died in the pool does not cause that, the pool checks that it is alive before it is
//! used again.
//!
//! A request that timed out is never repeated: the server may still be executing it.
//!
//! # Which server is trusted
//!
//! Only a primary is trusted. A server proves by `ROLE` that it is one when a connection is opened, and again
//! before a connection is used on which the last proof is at least a second old. So a token that was revoked at
//! a new primary stays valid for at most that long through an old one that became a replica. Sentinels are
//! queried as often. When they name another server, there is a new pool, and the connections to the old one are
//! dropped. Sentinels cannot help if a primary is cut off from all of them together with this gateway; see
//! "Replication" in `docs/redis.md`.
//!
//! Every error response of the server (`LOADING`, `MASTERDOWN`, `CLUSTERDOWN`, `NOAUTH`, `NOPERM`, `OOM` and any
//! other) is an error here, never an absent token.

use std::sync::{Arc, PoisonError, RwLock};

use futures_util::future::try_join_all;
use isogloss_core::store::{Finding, StoreHealth};
use isogloss_core::{AccessChange, Clock, PoolStatus, StoreError};
use redis::{Cmd, FromRedisValue, Pipeline, ScriptInvocation};

use super::RedisSettings;
use super::access::{Access, Topology};
use super::address::Address;
use super::health::examine;
use super::health::probe::{self, Probe};
use super::health::requirements::Requirements;
use super::keys::Keys;
use super::request::{Request, Response, RetryPolicy};
use super::runtime::RedisRuntime;
use super::scan::Scan;
use super::server_name::error_at;
use super::store::unconfirmed::confirmation_write;

/// The client of Redis.
pub(crate) struct RedisClient {
    current: RwLock<Arc<Access>>,
    keys: Keys,
    requirements: Requirements,
    /// Drives the connections for as long as this client exists.
    _runtime: RedisRuntime,
}

impl RedisClient {
    /// Returns whether `url` is a valid address. Sends nothing to Redis.
    pub(super) fn accepts(url: &str) -> bool {
        Address::parse(url).is_some()
    }

    /// Creates a client. Sends nothing to Redis yet. Fails if the settings are invalid, or the runtime cannot
    /// be started.
    pub(super) fn new(settings: &RedisSettings) -> Result<Self, StoreError> {
        let runtime = RedisRuntime::start()?;
        let access = Access::new(settings, (runtime.handle()?, Arc::default()))?;
        Ok(Self {
            current: RwLock::new(Arc::new(access)),
            keys: Keys::under(settings.prefix.clone()),
            requirements: Requirements::from_settings(settings),
            _runtime: runtime,
        })
    }

    /// Returns the access that new requests use: the current credentials and certificate authorities, with the
    /// connections that were opened with them.
    pub(super) fn access(&self) -> Arc<Access> {
        let current = self.current.read();
        Arc::clone(&current.unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the credentials and certificate authorities by those of `settings`. Returns `NeedsRestart`,
    /// and changes nothing, if `settings` have another address. Fails, and changes nothing, if Redis does not
    /// accept them.
    pub(super) async fn replace_access(
        &self,
        settings: &RedisSettings,
    ) -> Result<AccessChange, StoreError> {
        let before = self.access();
        let runtime = before.connector.runtime().clone();
        let next = Access::new(settings, (runtime, Arc::clone(before.connector.identity())))?;
        if next.data_set != before.data_set {
            return Ok(AccessChange::NeedsRestart);
        }
        next.ping().await?;
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(next);
        Ok(AccessChange::Made)
    }

    /// Returns the status of the pool. `None` for a cluster, which has one connection to each server that all
    /// requests share, and while there is no pool.
    pub(super) fn connections(&self) -> Option<PoolStatus> {
        match &self.access().topology {
            Topology::Primary(primary) => primary.connections(),
            Topology::Cluster(_) => None,
        }
    }

    /// Runs a command that may be repeated, and returns its response. Fails if Redis is unreachable or
    /// returns an error.
    pub(crate) async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        self.send(command.into(), RetryPolicy::Idempotent).await
    }

    /// Runs commands that may be repeated, and returns their responses. The pipeline is not a transaction: the keys
    /// may be on any server, and the commands may take effect in any order. Fails if one of the commands fails; the
    /// others may have been executed.
    pub(crate) async fn run_pipeline<T: FromRedisValue>(
        &self,
        commands: &Pipeline,
    ) -> Result<T, StoreError> {
        self.send(commands.into(), RetryPolicy::Idempotent).await
    }

    /// Runs a script on one key, by its digest, and returns its result. Loads the script if it is missing.
    /// Fails if Redis is unreachable or returns an error; the script is not sent again once it may have been
    /// executed.
    pub(crate) async fn run_script<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, StoreError> {
        self.send(script.into(), RetryPolicy::AtMostOnce).await
    }

    /// Runs a request that ends tokens (a command, a pipeline or a script), and returns its response. Fails
    /// if Redis is unreachable or returns an error, or if fewer replicas acknowledge than the settings
    /// require. The request is not sent again once it may have been executed.
    pub(super) async fn run_revocation<'a, T: FromRedisValue>(
        &self,
        request: impl Into<Request<'a>>,
    ) -> Result<T, StoreError> {
        let response = self.run_revocation_unconfirmed(request).await?;
        response.replicated?;
        Ok(response.value)
    }

    /// Runs a request that ends tokens, and returns its response together with whether enough replicas
    /// acknowledged it. Fails only if Redis is unreachable or returns an error.
    pub(super) async fn run_revocation_unconfirmed<'a, T: FromRedisValue>(
        &self,
        request: impl Into<Request<'a>>,
    ) -> Result<Response<T>, StoreError> {
        let request = request.into();
        self.access().send(request, RetryPolicy::Revocation).await
    }

    /// Waits until enough replicas of every primary have all earlier writes. Fails if a primary is
    /// unreachable, or if too few replicas acknowledge in time.
    pub(super) async fn confirm_writes(&self) -> Result<(), StoreError> {
        match &self.access().topology {
            Topology::Primary(primary) => {
                let write = confirmation_write(&self.keys.confirmation(0));
                let written = primary.send::<()>((&write).into(), RetryPolicy::Revocation);
                written.await?.replicated
            }
            Topology::Cluster(cluster) => cluster.confirm_writes(&self.keys).await,
        }
    }

    /// Starts to list the keys that begin with a prefix, page by page, from every primary. A key may be
    /// listed twice. A key that is added or removed during the listing may or may not be listed. Fails if the
    /// primaries cannot be determined.
    pub(crate) async fn scan(&self, prefix: &str) -> Result<Scan, StoreError> {
        let access = self.access();
        let primaries = access.primaries().await?;
        Ok(Scan::new(access, primaries, format!("{prefix}*")))
    }

    /// Returns the keys of everything that is stored in Redis.
    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Sends `PING` to the primary, or to every primary of a cluster. Fails if one does not respond or
    /// returns an error, or if no primary serves some slot.
    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        self.access().ping().await
    }

    /// Returns whether Redis is a cluster, whose servers redirect requests to each other.
    pub(super) fn is_cluster(&self) -> bool {
        self.access().is_cluster()
    }

    /// Queries facts about every primary. Returns them with the requirements that are not met, the worst
    /// first. Fails if a primary is unreachable.
    pub(super) async fn health(&self, clock: &dyn Clock) -> Result<StoreHealth, StoreError> {
        let access = self.access();
        let primaries = access.primaries().await?;
        let examined = primaries
            .iter()
            .map(|server| examine(server, &access.connector, clock));
        let servers = try_join_all(examined).await?;
        let findings = servers
            .iter()
            .flat_map(|server| self.requirements.findings(server));
        let mut findings: Vec<_> = findings.collect();
        findings.sort_by_key(|finding| finding.level);
        Ok(StoreHealth { servers, findings })
    }

    /// Sends a probe, made by `make` from a number, to every primary. Returns findings about what was
    /// refused. Fails if a primary is unreachable.
    pub(crate) async fn probe(
        &self,
        make: impl Fn(u16) -> Probe + Sync,
    ) -> Result<Vec<Finding>, StoreError> {
        let access = self.access();
        let primaries = access.primaries().await?;
        let sent = primaries
            .iter()
            .map(|server| probe::send(server, (&access.connector, &self.keys), &make));
        Ok(try_join_all(sent).await?.concat())
    }

    /// Returns the error for a response that did not arrive in time, with the name of the primary or the
    /// cluster.
    pub(super) fn timeout_error(&self) -> StoreError {
        let access = self.access();
        let name = match &access.topology {
            Topology::Primary(primary) => primary.name(),
            Topology::Cluster(cluster) => cluster.name().to_owned(),
        };
        error_at(&name, "no answer in time")
    }

    async fn send<T: FromRedisValue>(
        &self,
        request: Request<'_>,
        retry: RetryPolicy,
    ) -> Result<T, StoreError> {
        let response = self.access().send(request, retry).await?;
        Ok(response.value)
    }
}
