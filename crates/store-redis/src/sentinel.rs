//! Queries sentinels for the address of the primary.
//!
//! All are queried at once. The address that more than half of them name is used. If fewer respond, it is the
//! address that most of these name. A sentinel that is cut off together with an old primary is outvoted while
//! the others are reachable.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use isogloss_core::StoreError;
use redis::aio::MultiplexedConnection;
use redis::{ConnectionInfo, RedisResult, cmd};
use tokio::sync::Mutex;

use super::address::SentinelAddress;
use super::connector::{Connector, connection_info};
use super::error::redis_error;
use super::server_name::{server_name, server_names};

/// How long a response of the sentinels is used.
const REPORT_VALID_FOR: Duration = Duration::from_secs(1);

/// Sentinels, and their last response.
pub(super) struct Sentinels {
    address: SentinelAddress,
    connector: Connector,
    connections: Vec<Mutex<Option<MultiplexedConnection>>>,
    known: Mutex<Option<(Instant, Result<ConnectionInfo, StoreError>)>>,
}

impl Sentinels {
    pub(super) fn new(address: SentinelAddress, connector: Connector) -> Self {
        let connections = address.sentinels.iter().map(|_| Mutex::default());
        Self {
            connections: connections.collect(),
            address,
            connector,
            known: Mutex::default(),
        }
    }

    /// Returns the address of the primary, as the sentinels reported it at most a second ago. Fails if no
    /// sentinel responds or knows the primary.
    pub(super) async fn primary(&self) -> Result<ConnectionInfo, StoreError> {
        let mut known = self.known.lock().await;
        if let Some((since, reported)) = known.as_ref()
            && since.elapsed() < REPORT_VALID_FOR
        {
            return reported.clone();
        }
        let reported = self.query_all().await.and_then(|(host, port)| {
            connection_info(host, port, self.address.tls, &self.address.primary)
                .map_err(redis_error)
        });
        *known = Some((Instant::now(), reported.clone()));
        reported
    }

    /// Returns whether the sentinels name another primary than `server`. Returns `false` if no sentinel
    /// responds, and while another caller queries them: callers do not wait for each other here.
    pub(super) async fn name_other_than(&self, server: &str) -> bool {
        if self.known.try_lock().is_err() {
            return false;
        }
        let reported = self.primary().await;
        reported.is_ok_and(|primary| server_name(&primary) != server)
    }

    /// Returns the configured name of the primary, with the names of the sentinels, for errors.
    pub(super) fn name(&self) -> String {
        let (name, sentinels) = (&self.address.name, server_names(&self.address.sentinels));
        format!("the primary {name} of the sentinels {sentinels}")
    }

    /// Discards the last report, so that the next caller queries the sentinels again.
    pub(super) async fn forget(&self) {
        *self.known.lock().await = None;
    }

    async fn query_all(&self) -> Result<(String, u16), StoreError> {
        let all = self.connections.len();
        let mut queries: FuturesUnordered<_> = (0..all)
            .map(|index| async move { (index, self.query(index).await) })
            .collect();
        let mut named = HashMap::<_, usize>::new();
        let mut failures = Vec::new();
        while let Some((index, response)) = queries.next().await {
            match response {
                Ok(Some(primary)) => {
                    let votes = named.entry(primary.clone()).or_default();
                    *votes += 1;
                    if *votes * 2 > all {
                        return Ok(primary);
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    let sentinel = server_name(&self.address.sentinels[index]);
                    failures.push(format!("sentinel {sentinel}: {error}"));
                }
            }
        }
        let most = named.into_iter().max_by_key(|(_, votes)| *votes);
        most.map(|(primary, _)| primary).ok_or_else(|| {
            if failures.is_empty() {
                redis_error(format_args!(
                    "no sentinel knows a primary of this name: {}",
                    self.name()
                ))
            } else {
                failures.sort_unstable();
                redis_error(failures.join("; "))
            }
        })
    }

    async fn query(&self, index: usize) -> RedisResult<Option<(String, u16)>> {
        let mut connection = self.connections[index].lock().await;
        let mut connected = match connection.take() {
            Some(connected) => connected,
            None => {
                self.connector
                    .connect(&self.address.sentinels[index])
                    .await?
            }
        };
        let mut command = cmd("SENTINEL");
        command
            .arg("GET-MASTER-ADDR-BY-NAME")
            .arg(&self.address.name);
        let response = match command.query_async(&mut connected).await {
            // The connection may have been closed because it was idle.
            Err(_) => {
                connected = self
                    .connector
                    .connect(&self.address.sentinels[index])
                    .await?;
                command.query_async(&mut connected).await?
            }
            Ok(response) => response,
        };
        *connection = Some(connected);
        Ok(response)
    }
}
