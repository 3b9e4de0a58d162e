//! The sections `server` and `management`: the two listeners.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use isogloss_core::Network;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::base_url::BaseUrl;
use super::error::ConfigError;
use super::tls::Tls;

/// The header in which proxies tell whom they speak for. Only the one that they write is read:
/// what a client writes into the other would pass through them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", try_from = "String")]
pub enum ProxyHeader {
    /// `X-Forwarded-For: client, proxy`.
    XForwardedFor,
    /// `Forwarded: for=client, for=proxy`, as in RFC 7239.
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

/// The public listener: the enabled dialects, and the account page if it is switched on.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Address and port; with port 0, the system chooses a free port.
    pub bind: SocketAddr,
    /// The address that clients use, for `isogloss doctor` and for links in e-mails; empty if unknown.
    pub public_url: String,
    /// The path of the page on which people set their passwords, such as `/account`; empty: there is none. See the section
    /// `account`.
    pub account_path: String,
    /// Threads that serve requests; default: the number of cores.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 512))]
    pub workers: Option<NonZeroUsize>,
    /// The largest body, in bytes.
    #[schemars(range(min = 1, max = 1_073_741_824))]
    pub body_limit: usize,
    /// The proxies that are trusted to report the client's address, as addresses or networks.
    pub trusted_proxies: Vec<Network>,
    /// The header in which they report it.
    pub proxy_header: ProxyHeader,
    /// How long an idle connection stays open. Set it longer than the same setting of the proxy.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "0s"), extend("x-maximum" = "1day"))]
    pub keep_alive: Duration,
    /// How long a client may take to send the head of a request.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "1day"))]
    pub head_timeout: Duration,
    /// How long a client may take to send a body.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "1day"))]
    pub body_timeout: Duration,
    /// Maximum number of connections for each of the threads that serve requests.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_connections: NonZeroUsize,
    /// HSTS: the `max-age` of `Strict-Transport-Security`. Zero omits the header.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "0s"))]
    pub hsts: Duration,
    /// How long the gateway still accepts requests after SIGTERM: requests on their way, and those that a load
    /// balancer sends until it notices.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "0s"), extend("x-maximum" = "1day"))]
    pub drain_delay: Duration,
    /// How long running requests may take after that.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "0s"), extend("x-maximum" = "1day"))]
    pub shutdown_timeout: Duration,
    /// The certificate for TLS; without it, the listener does not use TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: String::new(),
            account_path: String::new(),
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
    /// Returns how long a connection may have no request in progress: it may be idle for `keep_alive`, and then
    /// take `head_timeout` for a head.
    pub(crate) fn longest_pause(&self) -> Duration {
        self.keep_alive + self.head_timeout
    }

    /// Fails if the public URL is invalid, or a TLS file cannot be used.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if !self.public_url.is_empty() && self.public_url.parse::<BaseUrl>().is_err() {
            let expected = "expected an address like https://login.example.com, or nothing";
            return Err(ConfigError::new("server.public_url", expected));
        }
        self.tls.as_ref().map_or(Ok(()), |tls| tls.check("server"))
    }
}

/// The management listener: for operators, and for services that check tokens.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Management {
    /// Address and port; with port 0, the system chooses a free port.
    pub bind: SocketAddr,
    /// The address at which services reach this listener, for the metadata that they read. Without it, the metadata
    /// have the host that a request names.
    pub url: String,
    /// Threads that serve its requests.
    #[schemars(range(min = 1, max = 512))]
    pub workers: NonZeroUsize,
    /// Whether the listener has the console, pages for administrators at `/console`.
    pub console: bool,
    /// How long a session at the console may be idle before it ends.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "1s"), extend("x-maximum" = "12h"))]
    pub console_idle: Duration,
    /// The certificate for TLS; without it, the listener does not use TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}

impl Default for Management {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 8081)),
            url: String::new(),
            workers: NonZeroUsize::MIN,
            console: false,
            console_idle: Duration::from_mins(30),
            tls: None,
        }
    }
}

impl Management {
    /// Fails if the address is invalid, or a TLS file cannot be used.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if !self.url.is_empty() && self.url.parse::<BaseUrl>().is_err() {
            let expected = "expected an address like https://login.internal:8081, or nothing";
            return Err(ConfigError::new("management.url", expected));
        }
        let tls = self.tls.as_ref();
        tls.map_or(Ok(()), |tls| tls.check("management"))
    }
}
