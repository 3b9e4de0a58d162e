//! Opens connections to one server.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::Manager;
use isogloss_core::StoreError;
use redis::aio::{AsyncPushSender, MultiplexedConnection};
use redis::io::tcp::TcpSettings;
use redis::io::tcp::socket2::TcpKeepalive;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _,
    RedisConnectionInfo, RedisResult, TlsCertificates,
};
use tokio::runtime::Handle;

use super::RedisSettings;
use super::error::redis_error;
use super::server_identity::ServerIdentity;
use super::timeout_log::TimeoutLog;

/// Idle time of a connection before the kernel checks that the other side still exists (TCP keepalive).
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
/// Interval of these checks, and how many without a response end the connection.
const KEEPALIVE_PROBES: (Duration, u32) = (Duration::from_secs(5), 3);
/// How long sent data may be unacknowledged before the kernel ends the connection (`TCP_USER_TIMEOUT`).
#[cfg(target_os = "linux")]
const USER_TIMEOUT: Duration = Duration::from_secs(20);

/// Opens connections within a time limit, trusting the configured authorities.
#[derive(Clone)]
pub(super) struct Connector {
    ca: Option<Vec<u8>>,
    config: AsyncConnectionConfig,
    /// The runtime that drives all connections.
    runtime: Handle,
    identity: Arc<ServerIdentity>,
    timeout_log: Arc<TimeoutLog>,
}

impl Connector {
    pub(super) fn new(
        settings: &RedisSettings,
        (runtime, identity): (Handle, Arc<ServerIdentity>),
    ) -> Result<Self, StoreError> {
        let is_pem = |ca: &Vec<u8>| String::from_utf8_lossy(ca).contains("-----BEGIN CERTIFICATE");
        if !settings.ca.iter().all(is_pem) {
            return Err(redis_error("the file of authorities holds no certificate"));
        }
        // Another part of the process may have installed a provider already; it is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(settings.connect_timeout))
            .set_response_timeout(Some(settings.timeout));
        Ok(Self {
            ca: settings.ca.clone(),
            config,
            runtime,
            identity,
            timeout_log: Arc::default(),
        })
    }

    /// Opens a connection that is driven by this crate's own runtime, and authenticates. Fails if the server
    /// is unreachable, refuses the credentials or does not respond within the time limit.
    pub(super) async fn connect(
        &self,
        server: &ConnectionInfo,
    ) -> RedisResult<MultiplexedConnection> {
        let client = self.client(server)?;
        self.on_own_runtime(client.get_multiplexed_async_connection_with_config(&self.config))
            .await
    }

    /// Opens a connection that is driven by the caller's runtime, and authenticates. Fails if the server is
    /// unreachable, refuses the credentials or does not respond within the time limit.
    pub(super) async fn connect_on_this_runtime(
        &self,
        server: &ConnectionInfo,
    ) -> RedisResult<MultiplexedConnection> {
        let client = self.client(server)?;
        client
            .get_multiplexed_async_connection_with_config(&self.config)
            .await
    }

    /// Opens a connection that is driven by this crate's own runtime, and authenticates. Messages that the
    /// server pushes go to `listener`. Fails as [`connect`](Self::connect) does.
    pub(super) async fn connect_with_push_listener(
        &self,
        server: &ConnectionInfo,
        listener: impl AsyncPushSender,
    ) -> RedisResult<MultiplexedConnection> {
        let client = self.client(server)?;
        let config = self.config.clone().set_push_sender(listener);
        self.on_own_runtime(client.get_multiplexed_async_connection_with_config(&config))
            .await
    }

    /// Returns the runtime that drives connections.
    pub(super) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Returns the record of which servers the connections lead to.
    pub(super) fn identity(&self) -> &Arc<ServerIdentity> {
        &self.identity
    }

    /// Returns the log of servers whose responses time out.
    pub(super) fn timeout_log(&self) -> &Arc<TimeoutLog> {
        &self.timeout_log
    }

    /// Returns the manager that opens the connections of a pool to `server`. Fails if the certificate
    /// authorities are invalid. Connections must be opened inside [`on_own_runtime`](Self::on_own_runtime).
    pub(super) fn manager(&self, server: &ConnectionInfo) -> RedisResult<Manager> {
        let client = self.client(server)?;
        // The client's copy also contains the authorities to trust.
        let server = client.get_connection_info().clone();
        Manager::new_with_config(server, self.config.clone())
    }

    fn client(&self, server: &ConnectionInfo) -> RedisResult<Client> {
        let server = server.clone().set_tcp_settings(tcp_settings());
        match self.certificates() {
            Some(certificates) if is_tls(&server) => Client::build_with_tls(server, certificates),
            _ => Client::open(server),
        }
    }

    /// Returns the configured certificate authorities. `None` to trust those of the system.
    pub(super) fn certificates(&self) -> Option<TlsCertificates> {
        let root_cert = self.ca.clone()?;
        Some(TlsCertificates {
            client_tls: None,
            root_cert: Some(root_cert),
        })
    }

    /// Polls `work` inside this crate's own runtime, and returns its result. The library spawns the task that
    /// drives a connection on the current runtime, which would be the caller's otherwise.
    pub(super) async fn on_own_runtime<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            let _entered = self.runtime.enter();
            work.as_mut().poll(context)
        })
        .await
    }
}

/// Returns the keepalive settings by which the kernel detects that the other side of a connection is gone.
/// Requests do not wait for that: they have time limits, and close a connection that is silent for that long.
pub(super) fn tcp_settings() -> TcpSettings {
    let (interval, retries) = KEEPALIVE_PROBES;
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE_IDLE)
        .with_interval(interval)
        .with_retries(retries);
    let settings = TcpSettings::default().set_keepalive(keepalive);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(USER_TIMEOUT);
    settings
}

/// Returns the settings of a connection to a server whose address another server reported. Fails if the
/// address is invalid.
pub(super) fn connection_info(
    host: String,
    port: u16,
    tls: bool,
    redis: &RedisConnectionInfo,
) -> RedisResult<ConnectionInfo> {
    let address = if tls {
        ConnectionAddr::TcpTls {
            host,
            port,
            insecure: false,
            tls_params: None,
        }
    } else {
        ConnectionAddr::Tcp(host, port)
    };
    Ok(address
        .into_connection_info()?
        .set_redis_settings(redis.clone()))
}

pub(super) fn is_tls(server: &ConnectionInfo) -> bool {
    matches!(server.addr(), ConnectionAddr::TcpTls { .. })
}
