//! Waits until replicas have all earlier writes, over whichever connection they were written.
//!
//! `WAIT` covers what its own connection wrote. On a connection that wrote nothing, it counts the connected
//! replicas, whatever they have. So this first writes a key at every primary, and waits for it on the same
//! connection.

use futures_util::future::try_join_all;
use isogloss_core::StoreError;
use redis::aio::ConnectionLike as _;
use redis::cluster_routing::SingleNodeRoutingInfo;
use redis::{
    ConnectionAddr, ConnectionInfo, ErrorKind, Pipeline, RedisResult, Value, from_redis_value, pipe,
};
use tokio::time::timeout;

use super::Cluster;
use super::replaceable_client::ClusterConnections;
use super::slots::contain_key;
use crate::error_class::is_redirect;
use crate::keys::Keys;
use crate::server_name::{server_name, with_server_name};
use crate::store::unconfirmed::confirmation_write;

/// How many keys of a primary are tried: the slot of one may be moving.
const TRIES: usize = 3;

impl Cluster {
    /// Waits until enough replicas of every primary have all earlier writes of that primary. Fails if a
    /// primary is unreachable, or if too few replicas acknowledge in time.
    pub(crate) async fn confirm_writes(&self, keys: &Keys) -> Result<(), StoreError> {
        let primaries = self.primaries_with_slots().await?;
        let connected = self.waiting.get().await?;
        let confirmed = primaries.iter().map(|(server, slots)| {
            let keys = (0..).map(|number| keys.confirmation(number));
            let keys = keys.filter(move |key| contain_key(slots, key)).take(TRIES);
            self.confirm_at(server, keys, &connected)
        });
        let confirmed = timeout(self.timeout, try_join_all(confirmed)).await;
        let acknowledged = self.checked_response((&self.waiting, &connected), confirmed)?;
        let least = acknowledged.into_iter().min().unwrap_or_default();
        self.replicas.check(&self.name, Ok(least))
    }

    async fn confirm_at(
        &self,
        server: &ConnectionInfo,
        keys: impl Iterator<Item = Vec<u8>>,
        connected: &ClusterConnections,
    ) -> RedisResult<usize> {
        let mut acknowledged = Err((ErrorKind::Client, "no key belongs to a server").into());
        for key in keys {
            let mut commands = pipe();
            commands.add_command(confirmation_write(&key));
            commands.add_command(self.replicas.wait_command());
            acknowledged = self.send_to(server, &commands, connected).await;
            if !acknowledged.as_ref().is_err_and(is_redirect) {
                break;
            }
        }
        acknowledged.map_err(|error| with_server_name(&server_name(server), error))
    }

    /// Sends a write and a `WAIT` to this server only, over one connection. Returns how many replicas
    /// acknowledged. Fails if the server is unreachable, refuses a command or redirects it.
    async fn send_to(
        &self,
        server: &ConnectionInfo,
        commands: &Pipeline,
        connected: &ClusterConnections,
    ) -> RedisResult<usize> {
        let (ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. }) =
            server.addr()
        else {
            return Err((ErrorKind::InvalidClientConfig, "expected host and port").into());
        };
        let there = SingleNodeRoutingInfo::ByAddress {
            host: host.clone(),
            port: *port,
        };
        let mut connection = connected.connection.clone();
        let responses = connection.route_pipeline(commands.clone(), 0, commands.len(), there);
        let responses = match responses.await {
            Err(error) if error.kind() == ErrorKind::ClusterConnectionNotFound => {
                let mut connection = self.connector.connect(server).await?;
                connection
                    .req_packed_commands(commands, 0, commands.len())
                    .await?
            }
            responses => responses?,
        };
        let responses = Value::Array(responses).extract_error()?;
        let ((), acknowledged) = from_redis_value(responses)?;
        Ok(acknowledged)
    }
}
