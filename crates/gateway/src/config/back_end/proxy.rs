//! The table `proxy` of a dialect: how calls are sent to its back end.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::{ConfigError, Jwt};

/// How calls are sent to a back end.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProxySettings {
    /// The header `Host` of a call: `client` for the host that the client named, `backend` for the one in the address, or a
    /// host name.
    pub host: String,
    /// What happens to the token of a call.
    pub token: TokenForwarding,
    /// The audience of the JWTs that the back end gets; empty: `jwt.audience`. Otherwise one of `jwt.audiences`.
    pub jwt_audience: String,
    /// The largest part of a body that is searched for a token, in bytes.
    #[schemars(range(min = 1024, max = 16_777_216))]
    pub token_search_limit: usize,
    /// Maximum number of connections to all addresses together.
    #[schemars(range(min = 1, max = 65_536))]
    pub connections: NonZeroUsize,
    /// Maximum number of calls that wait for a connection. Further ones are refused with 503.
    #[schemars(range(min = 0, max = 65_536))]
    pub queue: usize,
    /// How long a call waits for a connection at most.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "1day"))]
    pub queue_timeout: Duration,
    /// How long the back end may take to accept a connection, including the TLS handshake.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "1day"))]
    pub connect_timeout: Duration,
    /// How long the back end may take until the head of its response.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "1day"))]
    pub response_timeout: Duration,
    /// How long a body may pause, in either direction.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "1day"))]
    pub idle_timeout: Duration,
    /// How long an idle connection to the back end stays open. Set it shorter than the same setting of the back end.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "0s"), extend("x-maximum" = "1day"))]
    pub keep_alive: Duration,
    /// Whether upgrades to `websocket` are relayed. Other upgrades never are.
    pub websockets: bool,
    /// How long a WebSocket may pause.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "1day"))]
    pub websocket_idle_timeout: Duration,
    /// The path of a health check; empty: an address is judged by its calls only.
    pub health_path: String,
    /// How often each address is checked.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "10ms"), extend("x-maximum" = "1day"))]
    pub health_interval: Duration,
    /// After so many failures in a row, an address gets no calls for the time of `recovery`.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub failures: NonZeroU32,
    /// How long an address that failed gets no calls. Then one call tries it.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "1day"))]
    pub recovery: Duration,
    /// Certificates (PEM) of the authorities to trust for `https` addresses, instead of the system's.
    pub ca_file: PathBuf,
    /// SHA-256 digests of public keys, one of which the back end must have: in base64, as in RFC 7469. Empty: any key with
    /// a trusted certificate.
    pub pins: Vec<String>,
    /// The certificate (PEM) by which the gateway identifies itself to the back end.
    pub certificate_file: PathBuf,
    /// The private key (PEM) of that certificate.
    pub key_file: PathBuf,
    /// The name in the certificate of the back end; empty: the host in the address.
    pub server_name: String,
}

/// What happens to the token of a call to a back end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum TokenForwarding {
    /// The back end gets it as the client sent it.
    #[default]
    Keep,
    /// It is removed from the header, the query, the cookie and the body.
    Remove,
    /// It is removed, and a JWT of the user is sent as `Authorization: Bearer`.
    Jwt,
}

impl TryFrom<String> for TokenForwarding {
    type Error = &'static str;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        match word.as_str() {
            "keep" => Ok(Self::Keep),
            "remove" => Ok(Self::Remove),
            "jwt" => Ok(Self::Jwt),
            _ => Err("expected keep, remove or jwt"),
        }
    }
}

impl Default for ProxySettings {
    fn default() -> Self {
        Self {
            host: "client".to_owned(),
            token: TokenForwarding::Keep,
            jwt_audience: String::new(),
            token_search_limit: 64 * 1024,
            connections: const { NonZeroUsize::new(256).unwrap() },
            queue: 256,
            queue_timeout: Duration::from_secs(1),
            connect_timeout: Duration::from_secs(2),
            response_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_mins(1),
            keep_alive: Duration::from_secs(15),
            websockets: false,
            websocket_idle_timeout: Duration::from_mins(5),
            health_path: String::new(),
            health_interval: Duration::from_secs(5),
            failures: const { NonZeroU32::new(5).unwrap() },
            recovery: Duration::from_secs(10),
            ca_file: PathBuf::new(),
            pins: Vec::new(),
            certificate_file: PathBuf::new(),
            key_file: PathBuf::new(),
            server_name: String::new(),
        }
    }
}

impl ProxySettings {
    /// Fails if JWTs are wanted that are not issued.
    pub(super) fn check(&self, section: &str, jwt: &Jwt) -> Result<(), ConfigError> {
        let problem = |name: &str, reason: &str| {
            Err(ConfigError::new(format!("{section}.proxy.{name}"), reason))
        };
        if self.token == TokenForwarding::Jwt && !jwt.enabled {
            return problem("token", "expected jwt.enabled = true, too");
        }
        let audience = &self.jwt_audience;
        if !audience.is_empty() && *audience != jwt.audience && !jwt.audiences.contains(audience) {
            return problem("jwt_audience", "expected one of jwt.audiences, or nothing");
        }
        Ok(())
    }
}
