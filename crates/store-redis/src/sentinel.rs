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
use super::connector::{Dialer, server_at};
use super::error::failed;
use super::server_name::{name_of, names_of};

/// How long a response of the sentinels is used.
const FRESH: Duration = Duration::from_secs(1);

/// Sentinels, and their last response.
pub(super) struct Sentinels {
    address: SentinelAddress,
    dialer: Dialer,
    connections: Vec<Mutex<Option<MultiplexedConnection>>>,
    known: Mutex<Option<(Instant, Result<ConnectionInfo, StoreError>)>>,
}

impl Sentinels {
    pub(super) fn new(address: SentinelAddress, dialer: Dialer) -> Self {
        let connections = address.sentinels.iter().map(|_| Mutex::default());
        Self {
            connections: connections.collect(),
            address,
            dialer,
            known: Mutex::default(),
        }
    }

    /// Returns the address of the primary.
    pub(super) async fn primary(&self) -> Result<ConnectionInfo, StoreError> {
        let mut known = self.known.lock().await;
        if let Some((since, said)) = known.as_ref()
            && since.elapsed() < FRESH
        {
            return said.clone();
        }
        let said = self.ask_all().await.and_then(|(host, port)| {
            server_at(host, port, self.address.tls, &self.address.primary).map_err(failed)
        });
        *known = Some((Instant::now(), said.clone()));
        said
    }

    /// Returns whether they name another primary than this one. Sentinels that are unreachable name none.
    /// Returns `false` while another caller queries them: callers do not wait for each other here.
    pub(super) async fn name_another_than(&self, place: &str) -> bool {
        if self.known.try_lock().is_err() {
            return false;
        }
        let said = self.primary().await;
        said.is_ok_and(|primary| name_of(&primary) != place)
    }

    /// Returns the configured name of the primary, with the names of the sentinels.
    pub(super) fn name(&self) -> String {
        let (name, sentinels) = (&self.address.name, names_of(&self.address.sentinels));
        format!("the primary {name} of the sentinels {sentinels}")
    }

    /// Discards the last response, so that the next caller queries them again.
    pub(super) async fn forget(&self) {
        *self.known.lock().await = None;
    }

    async fn ask_all(&self) -> Result<(String, u16), StoreError> {
        let all = self.connections.len();
        let mut asked: FuturesUnordered<_> = (0..all)
            .map(|index| async move { (index, self.ask(index).await) })
            .collect();
        let mut named = HashMap::<_, usize>::new();
        let mut failures = Vec::new();
        while let Some((index, answer)) = asked.next().await {
            match answer {
                Ok(Some(primary)) => {
                    let votes = named.entry(primary.clone()).or_default();
                    *votes += 1;
                    if *votes * 2 > all {
                        return Ok(primary);
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    let sentinel = name_of(&self.address.sentinels[index]);
                    failures.push(format!("sentinel {sentinel}: {error}"));
                }
            }
        }
        let most = named.into_iter().max_by_key(|(_, votes)| *votes);
        most.map(|(primary, _)| primary).ok_or_else(|| {
            if failures.is_empty() {
                failed(format_args!(
                    "no sentinel knows a primary of this name: {}",
                    self.name()
                ))
            } else {
                failures.sort_unstable();
                failed(failures.join("; "))
            }
        })
    }

    async fn ask(&self, index: usize) -> RedisResult<Option<(String, u16)>> {
        let mut connection = self.connections[index].lock().await;
        let mut alive = match connection.take() {
            Some(alive) => alive,
            None => self.dialer.dial(&self.address.sentinels[index]).await?,
        };
        let mut question = cmd("SENTINEL");
        question
            .arg("GET-MASTER-ADDR-BY-NAME")
            .arg(&self.address.name);
        let answer = match question.query_async(&mut alive).await {
            // The connection may have been closed because it was idle.
            Err(_) => {
                alive = self.dialer.dial(&self.address.sentinels[index]).await?;
                question.query_async(&mut alive).await?
            }
            Ok(answer) => answer,
        };
        *connection = Some(alive);
        Ok(answer)
    }
}
