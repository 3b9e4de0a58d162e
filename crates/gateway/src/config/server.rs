//! The sections `server` and `management`: the two listeners.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use isogloss_core::Network;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::base_url::BaseUrl;
use super::error::Problem;
use super::tls::Tls;

/// The header in which proxies tell whom they speak for. Only the one that they write is read:
/// what a client writes into the other would pass through them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", try_from = "String")]
pub enum ProxyHeader {
    /// `X-Forwarded-For: client, proxy`.
    XForwardedFor,
    /// `Forwarded: for=client, for=proxy`, by RFC 7239.
    Forwarded,
}

impl TryFrom<String> for ProxyHeader {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.to_ascii_lowercase().as_str() {
            "x-forwarded-for" => Ok(Self::XForwardedFor),
            "forwarded" => Ok(Self::Forwarded),
            _ => Err("expected x-forwarded-for or forwarded"),
        }
    }
}

/// The public listener: the enabled dialects and nothing else.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Address and port; port 0 takes a free one.
    pub bind: SocketAddr,
    /// The address that clients know; empty if nobody needs to.
    pub public_url: String,
    /// Threads that serve requests; none takes as many as there are cores.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 512))]
    pub workers: Option<NonZeroUsize>,
    /// The largest body, in bytes.
    #[schemars(range(min = 1, max = 1_073_741_824))]
    pub body_limit: usize,
    /// The proxies in front whose word on the source of a request counts.
    pub trusted_proxies: Vec<Network>,
    /// The header that they write it into.
    pub proxy_header: ProxyHeader,
    /// How long an idle connection is kept: longer than a proxy in front keeps its own.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "0s"), extend("x-maximum" = "1day"))]
    pub keep_alive: Duration,
    /// How long a client may take to send the head of a request.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "1day"))]
    pub head_timeout: Duration,
    /// How long it may take to send a body.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "1day"))]
    pub body_timeout: Duration,
    /// Connections at the most, for each of the threads that serve requests.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_connections: NonZeroUsize,
    /// For how long browsers are to come by HTTPS only; zero says nothing of it.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "0s"))]
    pub hsts: Duration,
    /// How long requests are still taken once a shutdown was asked for: those that were sent before
    /// it, and, longer, those that a load balancer sends until it notices.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "0s"), extend("x-maximum" = "1day"))]
    pub drain_delay: Duration,
    /// How long requests under way may take after that.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "0s"), extend("x-maximum" = "1day"))]
    pub shutdown_timeout: Duration,
    /// By which certificate it speaks TLS; without it, it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: String::new(),
            workers: None,
            body_limit: 64 * 1024,
            trusted_proxies: Vec::new(),
            proxy_header: ProxyHeader::XForwardedFor,
            keep_alive: Duration::from_secs(90),
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            max_connections: const { NonZeroUsize::new(10_000).unwrap() },
            hsts: Duration::ZERO,
            drain_delay: Duration::from_millis(500),
            shutdown_timeout: Duration::from_secs(30),
            tls: None,
        }
    }
}

impl Server {
    /// How long nothing need be answered on a connection: it may be idle, and then send a head.
    pub(crate) fn longest_pause(&self) -> Duration {
        self.keep_alive + self.head_timeout
    }

    pub(super) fn check(&self) -> Result<(), Problem> {
        if !self.public_url.is_empty() && self.public_url.parse::<BaseUrl>().is_err() {
            let expected = "expected an address like https://login.example.com, or nothing";
            return Err(Problem::new("server.public_url", expected));
        }
        self.tls.as_ref().map_or(Ok(()), |tls| tls.check("server"))
    }
}

/// The management listener: for operators, and for the services behind the gateway.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Management {
    /// Address and port; port 0 takes a free one.
    pub bind: SocketAddr,
    /// Threads that serve its requests.
    #[schemars(range(min = 1, max = 512))]
    pub workers: NonZeroUsize,
    /// By which certificate it speaks TLS; without it, it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}

impl Default for Management {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 8081)),
            workers: NonZeroUsize::MIN,
            tls: None,
        }
    }
}

impl Management {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let tls = self.tls.as_ref();
        tls.map_or(Ok(()), |tls| tls.check("management"))
    }
}
