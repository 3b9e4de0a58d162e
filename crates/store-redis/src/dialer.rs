//! Connecting to one server.

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
use super::identity::Identity;
use super::silence::Silence;

/// How long a connection is idle before the kernel asks whether the other side is still there.
const IDLE: Duration = Duration::from_secs(10);
/// How often it asks again, and how many requests without a response end the connection.
const PROBES: (Duration, u32) = (Duration::from_secs(5), 3);
/// How long what was sent may be unacknowledged before the kernel ends the connection.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(20);

/// Connects, in time, trusting whom it was told to trust.
#[derive(Clone)]
pub(super) struct Dialer {
    ca: Option<Vec<u8>>,
    config: AsyncConnectionConfig,
    /// Drives all connections.
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
        // Another part of the process may have chosen already; it is the same one.
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

    /// A connection that has shown its password.
    pub(super) async fn dial(&self, server: &ConnectionInfo) -> RedisResult<MultiplexedConnection> {
        let client = self.client(server)?;
        self.inside(client.get_multiplexed_async_connection_with_config(&self.config))
            .await
    }

    /// The same, and what drives it runs where this is asked.
    pub(super) async fn dial_here(
        &self,
        server: &ConnectionInfo,
    ) -> RedisResult<MultiplexedConnection> {
        let client = self.client(server)?;
        client
            .get_multiplexed_async_connection_with_config(&self.config)
            .await
    }

    /// As [`dial`](Self::dial), and whatever the server says unasked goes to `told`.
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

    /// Where connections are driven.
    pub(super) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Which servers connections lead to.
    pub(super) fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    /// Logs connections that are silent.
    pub(super) fn silence(&self) -> &Arc<Silence> {
        &self.silence
    }

    /// What makes the connections of a pool. They are made [inside](Self::inside).
    pub(super) fn manager(&self, server: &ConnectionInfo) -> RedisResult<Manager> {
        let client = self.client(server)?;
        // By now it says whom to trust, too.
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

    /// Whom to trust, if not whom the system trusts.
    pub(super) fn certificates(&self) -> Option<TlsCertificates> {
        let root_cert = self.ca.clone()?;
        Some(TlsCertificates {
            client_tls: None,
            root_cert: Some(root_cert),
        })
    }

    /// Does what may connect. What drives a connection is started where it is made: here that is
    /// our own runtime, whichever one asks.
    pub(super) async fn inside<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            let _inside = self.runtime.enter();
            work.as_mut().poll(context)
        })
        .await
    }
}

/// Returns how the kernel finds out that the other side of a connection is gone. Requests do not wait for
/// that: they have time-outs, and give up a connection that is silent for so long.
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

/// A server of whose place others told us.
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
