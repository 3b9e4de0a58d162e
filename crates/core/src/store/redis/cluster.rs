//! A cluster: each command goes to the server that has its key.
//!
//! The library's client knows which server has which slot, keeps one connection to each, and
//! mends both. It is told never to send a command twice: it cannot tell which ones bear that.
//! That is decided here, command by command. Commands of one pipeline go out side by side, each
//! to its server, and take effect in any order.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ::redis::cluster::ClusterClient;
use ::redis::cluster_async::ClusterConnection;
use ::redis::{ConnectionInfo, FromRedisValue, ProtocolVersion, RedisResult, Value, cmd};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::RedisSettings;
use super::dialer::{Dialer, is_tls, server_at};
use super::fault::Fault;
use super::link::failed;
use super::question::{Manner, Question};
use super::replicas::Replicas;
use super::wire::Wire;
use crate::error::StoreError;

/// So many failures without one answer in between, and the client is made anew from the addresses
/// of the configuration.
const PATIENCE: u32 = 8;

/// A cluster.
pub(super) struct Cluster {
    client: ClusterClient,
    seed: ConnectionInfo,
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
        let answer = asked.map_err(|_| failed("no answer in time"))?;
        let answer = answer.map_err(failed)?;
        if waits {
            let waited = wire.wait(self.replicas.wait()).await;
            self.replicas.suffice(waited)?;
        }
        Ok(answer)
    }

    /// Where the primaries are.
    pub(super) async fn places(&self) -> Result<Vec<ConnectionInfo>, StoreError> {
        let mut connection = self.connection(&self.all).await?;
        let slots: Vec<Vec<Value>> = cmd("CLUSTER")
            .arg("SLOTS")
            .query_async(&mut connection)
            .await
            .map_err(failed)?;
        let mut places: Vec<_> = slots.iter().filter_map(|range| primary_of(range)).collect();
        places.sort_unstable();
        places.dedup();
        let tls = is_tls(&self.seed);
        let places = places.into_iter();
        places
            .map(|(host, port)| server_at(host, port, tls, self.seed.redis_settings()))
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
            .map_err(|_| failed("no connection in time"))?;
        if let Some(connection) = kept.as_ref() {
            return Ok(connection.clone());
        }
        let client = self.client.clone();
        let entering = self.entering;
        let runtime = self.dialer.runtime();
        let made = runtime
            .spawn(async move { timeout(entering, client.get_async_connection()).await })
            .await
            .map_err(failed)?
            .map_err(|_| failed("the cluster does not let us in in time"))?
            .map_err(failed)?;
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

/// Host and port of the primary, from one line of `CLUSTER SLOTS`.
fn primary_of(range: &[Value]) -> Option<(String, u16)> {
    let Some(Value::Array(primary)) = range.get(2) else {
        return None;
    };
    let host = String::from_redis_value(primary.first()?.clone()).ok()?;
    let port = u16::from_redis_value(primary.get(1)?.clone()).ok()?;
    Some((host, port))
}
