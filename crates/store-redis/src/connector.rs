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
use super::error::failed;
use super::server_identity::Identity;
use super::timeout_log::Silence;

/// Idle time of a connection before the kernel checks that the other side still exists (TCP keepalive).
const IDLE: Duration = Duration::from_secs(10);
/// Interval of these checks, and how many without a response end the connection.
const PROBES: (Duration, u32) = (Duration::from_secs(5), 3);
/// How long sent data may be unacknowledged before the kernel ends the connection (`TCP_USER_TIMEOUT`).
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(20);

/// Opens connections within a time limit, trusting the configured authorities.
#[derive(Clone)]
pub(super) struct Dialer {
    ca: Option<Vec<u8>>,
    config: AsyncConnectionConfig,
    /// The runtime that drives all connections.
    runtime: Handle,
    identity: Arc<Identity>,
    silence: Arc<Silence>,
}

impl Dialer {
    pub(super) fn new(
        settings: &RedisSettings,
        (runtime, identity): (Handle, Arc<Identity>),
    ) -> Result<Self, StoreError> {
        let is_pem = |ca: &Vec<u8>| String::from_utf8_lossy(ca).contains("-----BEGIN CERTIFICATE");
        if !settings.ca.iter().all(is_pem) {
            return Err(failed("the file of authorities holds no certificate"));
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
            silence: Arc::default(),
        })
    }

    /// Opens a connection that is driven by our own runtime, and authenticates.
    pub(super) async fn dial(&self, server: &ConnectionInfo) -> RedisResult<MultiplexedConnection> {
        let client = self.client(server)?;
        self.inside(client.get_multiplexed_async_connection_with_config(&self.config))
            .await
    }

    /// Opens a connection that is driven by the caller's runtime, and authenticates.
    pub(super) async fn dial_here(
        &self,
        server: &ConnectionInfo,
    ) -> RedisResult<MultiplexedConnection> {
        let client = self.client(server)?;
        client
            .get_multiplexed_async_connection_with_config(&self.config)
            .await
    }

    /// Opens a connection as [`dial`](Self::dial) does. Messages that the server pushes go to `told`.
    pub(super) async fn dial_told(
        &self,
        server: &ConnectionInfo,
        told: impl AsyncPushSender,
    ) -> RedisResult<MultiplexedConnection> {
        let client = self.client(server)?;
        let config = self.config.clone().set_push_sender(told);
        self.inside(client.get_multiplexed_async_connection_with_config(&config))
            .await
    }

    /// Returns the runtime that drives connections.
    pub(super) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Returns which servers the connections lead to.
    pub(super) fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    /// Returns the log of silent servers.
    pub(super) fn silence(&self) -> &Arc<Silence> {
        &self.silence
    }

    /// Returns the manager that opens the connections of a pool. They must be opened [inside](Self::inside) our
    /// runtime.
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

    /// Returns the authorities to trust. `None` for those of the system.
    pub(super) fn certificates(&self) -> Option<TlsCertificates> {
        let root_cert = self.ca.clone()?;
        Some(TlsCertificates {
            client_tls: None,
            root_cert: Some(root_cert),
        })
    }

    /// Polls work that may connect inside our own runtime: the task that drives a connection is spawned on the
    /// current runtime, which would be the caller's otherwise.
    pub(super) async fn inside<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            let _inside = self.runtime.enter();
            work.as_mut().poll(context)
        })
        .await
    }
}

/// Returns how the kernel detects that the other side of a connection is gone. Requests do not wait for that:
/// they have time-outs, and give up a connection that is silent for so long.
pub(super) fn tcp_settings() -> TcpSettings {
    let (interval, retries) = PROBES;
    let keepalive = TcpKeepalive::new()
        .with_time(IDLE)
        .with_interval(interval)
        .with_retries(retries);
    let settings = TcpSettings::default().set_keepalive(keepalive);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(UNACKNOWLEDGED);
    settings
}

/// Returns the settings for a server whose address another server reported.
pub(super) fn server_at(
    host: String,
    port: u16,
    tls: bool,
    redis: &RedisConnectionInfo,
) -> RedisResult<ConnectionInfo> {
    let place = if tls {
        ConnectionAddr::TcpTls {
            host,
            port,
            insecure: false,
            tls_params: None,
        }
    } else {
        ConnectionAddr::Tcp(host, port)
    };
    Ok(place
        .into_connection_info()?
        .set_redis_settings(redis.clone()))
}

pub(super) fn is_tls(server: &ConnectionInfo) -> bool {
    matches!(server.addr(), ConnectionAddr::TcpTls { .. })
}
