//! Access to Redis: credentials, trusted authorities and connections.

use std::sync::Arc;

use isogloss_core::{AccessChange, StoreError};
use redis::{ConnectionInfo, FromRedisValue, cmd};
use secrecy::ExposeSecret as _;
use tokio::runtime::Handle;

use super::RedisSettings;
use super::address::Address;
use super::cluster::Cluster;
use super::connector::Connector;
use super::error::redis_error;
use super::primary_address::PrimaryAddress;
use super::primary_pool::PrimaryPool;
use super::redis_client::RedisClient;
use super::request::{Request, Response, RetryPolicy};
use super::sentinel::Sentinels;
use super::server_identity::ServerIdentity;

/// The handle that replaces the credentials of a [`RedisStore`](super::RedisStore) and its throttle.
#[derive(Clone)]
pub struct RedisAccess(Arc<RedisClient>);

impl RedisAccess {
    pub(super) fn new(client: Arc<RedisClient>) -> Self {
        Self(client)
    }

    /// Replaces the credentials and certificate authorities by those of `settings`. Requests in progress
    /// complete with the old ones, whose connections are closed afterwards. Returns `NeedsRestart`, and
    /// changes nothing, if `settings` have another address.
    ///
    /// # Errors
    /// If the settings are invalid, or Redis is unreachable or refuses them. Nothing changes then.
    pub async fn replace(&self, settings: &RedisSettings) -> Result<AccessChange, StoreError> {
        self.0.replace_access(settings).await
    }
}

/// Access to Redis with certain credentials and trusted authorities. A request completes with the access that it
/// began with. The connections of a replaced access are closed when its last request ends.
pub(super) struct Access {
    /// The address without credentials.
    pub(super) data_set: String,
    pub(super) topology: Topology,
    pub(super) connector: Connector,
}

/// One primary, or all primaries of a cluster.
pub(super) enum Topology {
    Primary(Box<PrimaryPool>),
    Cluster(Box<Cluster>),
}

impl Access {
    pub(super) fn new(
        settings: &RedisSettings,
        runtime_and_identity: (Handle, Arc<ServerIdentity>),
    ) -> Result<Self, StoreError> {
        let address = Address::parse(settings.url.expose_secret());
        let address = address.ok_or_else(|| {
            let expected = RedisSettings::EXPECTED;
            redis_error(format_args!("the address is not {expected}"))
        })?;
        let data_set = address.data_set();
        let connector = Connector::new(settings, runtime_and_identity)?;
        let topology = match address {
            Address::Server(server) => {
                let address = PrimaryAddress::Fixed(Box::new(server));
                let primary = PrimaryPool::new(address, connector.clone(), settings);
                Topology::Primary(Box::new(primary))
            }
            Address::Sentinels(address) => {
                let sentinels = Sentinels::new(address, connector.clone());
                let address = PrimaryAddress::Sentinels(Box::new(sentinels));
                let primary = PrimaryPool::new(address, connector.clone(), settings);
                Topology::Primary(Box::new(primary))
            }
            Address::Cluster(servers) => {
                let cluster = Cluster::new(servers, connector.clone(), settings)?;
                Topology::Cluster(Box::new(cluster))
            }
        };
        Ok(Self {
            data_set,
            topology,
            connector,
        })
    }

    /// Returns whether Redis is a cluster, whose servers redirect requests to each other.
    pub(super) fn is_cluster(&self) -> bool {
        matches!(self.topology, Topology::Cluster(_))
    }

    /// Sends `PING` to the primary, or to every primary of a cluster. Fails if one does not respond or
    /// returns an error, or if no primary serves some slot.
    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        let ping = cmd("PING");
        match &self.topology {
            Topology::Primary(primary) => {
                let response = primary.send((&ping).into(), RetryPolicy::Idempotent).await;
                response.map(|Response { value: (), .. }| ())
            }
            Topology::Cluster(cluster) => cluster.ping(&ping).await,
        }
    }

    /// Marks all existing connections of the pool as unusable. Does nothing for a cluster, which has no pool.
    pub(super) async fn reject_connections(&self) {
        if let Topology::Primary(primary) = &self.topology {
            primary.reject_connections().await;
        }
    }

    /// Returns the addresses of the primaries: exactly one, or all of a cluster. Fails if Redis or the
    /// sentinels cannot be queried.
    pub(super) async fn primaries(&self) -> Result<Vec<ConnectionInfo>, StoreError> {
        match &self.topology {
            Topology::Primary(primary) => Ok(vec![primary.address().await?]),
            Topology::Cluster(cluster) => cluster.primaries().await,
        }
    }

    pub(super) async fn send<T: FromRedisValue>(
        &self,
        request: Request<'_>,
        retry: RetryPolicy,
    ) -> Result<Response<T>, StoreError> {
        match &self.topology {
            Topology::Primary(primary) => primary.send(request, retry).await,
            Topology::Cluster(cluster) => cluster.send(request, retry).await,
        }
    }
}
