//! Access to Redis: credentials, trusted authorities and connections.

use std::sync::Arc;

use isogloss_core::{AccessChange, StoreError};
use redis::{ConnectionInfo, FromRedisValue, cmd};
use secrecy::ExposeSecret as _;
use tokio::runtime::Handle;

use super::RedisSettings;
use super::address::Address;
use super::cluster::Cluster;
use super::connector::Dialer;
use super::error::failed;
use super::primary_address::Place;
use super::primary_pool::Primary;
use super::redis_client::Link;
use super::request::{Answered, Manner, Question};
use super::sentinel::Sentinels;
use super::server_identity::Identity;

/// The handle that replaces the credentials of a [`RedisStore`](super::RedisStore) and its throttle.
#[derive(Clone)]
pub struct RedisAccess(Arc<Link>);

impl RedisAccess {
    pub(super) fn new(link: Arc<Link>) -> Self {
        Self(link)
    }

    /// Uses the credentials and authorities of these settings from now on. Requests in progress complete with
    /// the old ones, whose connections are closed afterwards. Fails, and changes nothing, if Redis does not
    /// accept them.
    pub async fn replace(&self, settings: &RedisSettings) -> Result<AccessChange, StoreError> {
        self.0.replace_access(settings).await
    }
}

/// Access to Redis with certain credentials and trusted authorities. A request completes with the access that it
/// began with. The connections of a replaced access are closed when its last request ends.
pub(super) struct Access {
    /// The address without credentials.
    pub(super) place: String,
    pub(super) way: Way,
    pub(super) dialer: Dialer,
}

/// One primary, or all primaries of a cluster.
pub(super) enum Way {
    Primary(Box<Primary>),
    Cluster(Box<Cluster>),
}

impl Access {
    pub(super) fn new(
        settings: &RedisSettings,
        driven: (Handle, Arc<Identity>),
    ) -> Result<Self, StoreError> {
        let address = Address::parse(settings.url.expose_secret());
        let address = address.ok_or_else(|| {
            let expected = RedisSettings::EXPECTED;
            failed(format_args!("the address is not {expected}"))
        })?;
        let place = address.place();
        let dialer = Dialer::new(settings, driven)?;
        let way = match address {
            Address::Server(server) => {
                let place = Place::Fixed(Box::new(server));
                let primary = Primary::new(place, dialer.clone(), settings);
                Way::Primary(Box::new(primary))
            }
            Address::Sentinels(address) => {
                let sentinels = Sentinels::new(address, dialer.clone());
                let place = Place::Sentinels(Box::new(sentinels));
                let primary = Primary::new(place, dialer.clone(), settings);
                Way::Primary(Box::new(primary))
            }
            Address::Cluster(servers) => {
                let cluster = Cluster::new(servers, dialer.clone(), settings)?;
                Way::Cluster(Box::new(cluster))
            }
        };
        Ok(Self { place, way, dialer })
    }

    /// Returns whether servers redirect requests to each other.
    pub(super) fn is_cluster(&self) -> bool {
        matches!(self.way, Way::Cluster(_))
    }

    /// Checks that commands succeed, on every primary of a cluster. Its primaries must cover all slots.
    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        let ping = cmd("PING");
        match &self.way {
            Way::Primary(primary) => {
                let pinged = primary.put((&ping).into(), Manner::Repeatable).await;
                pinged.map(|Answered { answer: (), .. }| ())
            }
            Way::Cluster(cluster) => cluster.ping(&ping).await,
        }
    }

    /// Marks all existing connections of the pool as unusable. Does nothing for a cluster, which has no pool.
    pub(super) async fn doubt(&self) {
        if let Way::Primary(primary) = &self.way {
            primary.look_anew().await;
        }
    }

    /// Returns the addresses of the primaries: at least one.
    pub(super) async fn primaries(&self) -> Result<Vec<ConnectionInfo>, StoreError> {
        match &self.way {
            Way::Primary(primary) => Ok(vec![primary.place().await?]),
            Way::Cluster(cluster) => cluster.places().await,
        }
    }

    pub(super) async fn put<T: FromRedisValue>(
        &self,
        question: Question<'_>,
        manner: Manner,
    ) -> Result<Answered<T>, StoreError> {
        match &self.way {
            Way::Primary(primary) => primary.put(question, manner).await,
            Way::Cluster(cluster) => cluster.put(question, manner).await,
        }
    }
}
