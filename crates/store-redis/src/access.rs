//! How Redis is entered: with which credentials, trusting which authorities, and by which connections.

use std::sync::Arc;

use isogloss_core::{AccessChange, StoreError};
use redis::{ConnectionInfo, FromRedisValue, cmd};
use secrecy::ExposeSecret as _;
use tokio::runtime::Handle;

use super::RedisSettings;
use super::address::Address;
use super::cluster::Cluster;
use super::dialer::Dialer;
use super::error::failed;
use super::identity::Identity;
use super::link::Link;
use super::place::Place;
use super::primary::Primary;
use super::question::{Answered, Manner, Question};
use super::sentinel::Sentinels;

/// The credentials with which a [`RedisStore`](super::RedisStore) and its throttle enter Redis.
#[derive(Clone)]
pub struct RedisAccess(Arc<Link>);

impl RedisAccess {
    pub(super) fn new(link: Arc<Link>) -> Self {
        Self(link)
    }

    /// Uses the credentials and authorities of these settings from now on. Requests under way end with those
    /// that they began with, whose connections are then closed. Fails, and changes nothing, if Redis does
    /// not accept them.
    pub async fn replace(&self, settings: &RedisSettings) -> Result<AccessChange, StoreError> {
        self.0.replace_access(settings).await
    }
}

/// How Redis is entered: with which credentials, trusting which authorities. A question ends with the one
/// that it began with; the connections of one that was replaced are closed when the last question ends.
pub(super) struct Access {
    /// What the address says, credentials aside.
    pub(super) place: String,
    pub(super) way: Way,
    pub(super) dialer: Dialer,
}

/// One primary, or all of a cluster.
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

    /// Whether servers send questions on to each other.
    pub(super) fn is_cluster(&self) -> bool {
        matches!(self.way, Way::Cluster(_))
    }

    /// Checks that commands are answered, by every primary of a cluster, which must have all slots.
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

    /// Uses no connection of the pool again that there is. A cluster has no pool.
    pub(super) async fn doubt(&self) {
        if let Way::Primary(primary) = &self.way {
            primary.look_anew().await;
        }
    }

    /// Returns where the primaries are: at least one.
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
