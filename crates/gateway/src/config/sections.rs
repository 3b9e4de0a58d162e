//! Every section but the dialects, with its defaults.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use ::config::{Map, Value};
use isogloss_core::Pepper;
use lettre::message::Mailbox;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};
use tracing_subscriber::EnvFilter;

use super::address::{
    DirectoryAddress, MailAddress, TokenStoreAddress, read_secret, without_password,
};
use super::problem::{self, Problem};
use super::throttle::Throttle;
use crate::source::{Network, ProxyHeader};

/// Every section but the dialects.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Sections {
    /// The public listener.
    pub server: Server,
    /// The management listener.
    pub management: Management,
    /// Where tokens live.
    pub tokens: Tokens,
    /// Who may log in.
    pub directory: Directory,
    /// How passwords are hashed.
    pub passwords: Passwords,
    /// How often passwords may be guessed.
    pub throttle: Throttle,
    /// How letters are sent.
    pub mail: Mail,
    /// What is logged.
    pub logging: Logging,
}

/// The public listener: the enabled dialects and nothing else.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Address and port; port 0 takes a free one.
    pub bind: SocketAddr,
    /// Threads that serve requests; none takes as many as there are cores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<NonZeroUsize>,
    /// The largest body, in bytes.
    pub body_limit: usize,
    /// The proxies in front whose word on the source of a request counts.
    pub trusted_proxies: Vec<Network>,
    /// The header that they write it into.
    pub proxy_header: ProxyHeader,
    /// How long an idle connection is kept: longer than a proxy in front keeps its own.
    #[serde(with = "humantime_serde")]
    pub keep_alive: Duration,
    /// How long a client may take to send the head of a request.
    #[serde(with = "humantime_serde")]
    pub head_timeout: Duration,
    /// How long requests are still taken once a shutdown was asked for: those that were sent before
    /// it, and, longer, those that a load balancer sends until it notices.
    #[serde(with = "humantime_serde")]
    pub drain_delay: Duration,
    /// How long requests under way may take after that.
    #[serde(with = "humantime_serde")]
    pub shutdown_timeout: Duration,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 8080)),
            workers: None,
            body_limit: 64 * 1024,
            trusted_proxies: Vec::new(),
            proxy_header: ProxyHeader::XForwardedFor,
            keep_alive: Duration::from_secs(90),
            head_timeout: Duration::from_secs(10),
            drain_delay: Duration::from_millis(500),
            shutdown_timeout: Duration::from_secs(30),
        }
    }
}

/// The management listener: health, for now the operator's eyes only.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Management {
    /// Address and port; port 0 takes a free one.
    pub bind: SocketAddr,
}

impl Default for Management {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 8081)),
        }
    }
}

/// Where tokens live.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tokens {
    /// `memory:`, `embedded:PATH`, or a Redis: one server, sentinels or a cluster.
    #[serde(serialize_with = "masked_address")]
    pub store: SecretString,
    /// A file that holds what `store` would.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store_file: Option<PathBuf>,
    /// The secret that keys all tokens, at least 16 bytes; the same at every gateway of a store.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "masked")]
    pub pepper: Option<SecretString>,
    /// A file that holds the pepper; made at the first start if it is missing.
    pub pepper_file: PathBuf,
    /// The pepper before this one, whose tokens are good until they expire.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "masked")]
    pub previous_pepper: Option<SecretString>,
    /// A file that holds the previous pepper.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_pepper_file: Option<PathBuf>,
    /// How many live tokens a user may hold; beyond it the least recently used ends.
    pub per_user: NonZeroUsize,
    /// How many of them at one client.
    pub per_client: NonZeroUsize,
    /// What a second use of a one-time token does, beside being refused, logged and counted.
    pub second_use: SecondUse,
    /// Connections to Redis at the most.
    pub redis_connections: NonZeroUsize,
    /// How long it may take to connect to a Redis server, TLS and password included.
    #[serde(with = "humantime_serde")]
    pub redis_connect_timeout: Duration,
    /// How long a command to Redis may take.
    #[serde(with = "humantime_serde")]
    pub redis_timeout: Duration,
    /// How long to wait for a free connection to Redis.
    #[serde(with = "humantime_serde")]
    pub redis_pool_timeout: Duration,
    /// The certificates, as PEM, of the authorities to trust with Redis instead of the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redis_ca_file: Option<PathBuf>,
    /// How many replicas must have acknowledged a revocation before it counts as done.
    pub redis_wait_replicas: usize,
    /// What to make of a Redis that may evict tokens.
    pub redis_eviction: RedisEviction,
}

/// What to make of a Redis that may evict tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RedisEviction {
    /// The gateway is not ready.
    Refuse,
    /// The log and `/readyz` say so.
    Warn,
    /// Nothing is said.
    Ignore,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            store: "embedded:data/tokens.redb".into(),
            store_file: None,
            pepper: None,
            pepper_file: "data/pepper".into(),
            previous_pepper: None,
            previous_pepper_file: None,
            per_user: const { NonZeroUsize::new(1000).unwrap() },
            per_client: const { NonZeroUsize::new(100).unwrap() },
            second_use: SecondUse::Refuse,
            redis_connections: const { NonZeroUsize::new(16).unwrap() },
            redis_connect_timeout: Duration::from_secs(1),
            redis_timeout: Duration::from_secs(1),
            redis_pool_timeout: Duration::from_secs(1),
            redis_ca_file: None,
            redis_wait_replicas: 0,
            redis_eviction: RedisEviction::Warn,
        }
    }
}

impl Tokens {
    /// The certificates of `redis_ca_file`.
    pub(crate) fn read_redis_ca(&self) -> Result<Option<Vec<u8>>, Problem> {
        let Some(file) = &self.redis_ca_file else {
            return Ok(None);
        };
        let certificates = std::fs::read(file).map_err(|error| {
            Problem::new(
                "tokens.redis_ca_file",
                format!("{}: {error}", file.display()),
            )
        })?;
        Ok(Some(certificates))
    }

    /// The pepper, from `pepper` or from its file; `None` if that is yet to be made.
    pub(crate) fn read_pepper(&self) -> Result<Option<Pepper>, Problem> {
        let (key, secret) = match &self.pepper {
            Some(pepper) => ("tokens.pepper", pepper.clone()),
            None if !self.pepper_file.exists() => return Ok(None),
            None => {
                let secret = read_secret(&self.pepper_file).map_err(|error| {
                    let file = self.pepper_file.display();
                    Problem::new("tokens.pepper_file", format!("{file}: {error}"))
                })?;
                ("tokens.pepper_file", secret)
            }
        };
        checked_pepper(key, &secret).map(Some)
    }

    /// The pepper before, if there is one.
    pub(crate) fn read_previous_pepper(&self) -> Result<Option<Pepper>, Problem> {
        if let Some(pepper) = &self.previous_pepper {
            return checked_pepper("tokens.previous_pepper", pepper).map(Some);
        }
        let Some(file) = &self.previous_pepper_file else {
            return Ok(None);
        };
        let key = "tokens.previous_pepper_file";
        let secret = read_secret(file)
            .map_err(|error| Problem::new(key, format!("{}: {error}", file.display())))?;
        checked_pepper(key, &secret).map(Some)
    }
}

fn checked_pepper(key: &str, secret: &SecretString) -> Result<Pepper, Problem> {
    let expected = || format!("expected at least {} bytes", Pepper::MIN_BYTES);
    let pepper = Pepper::new(secret.expose_secret().as_bytes());
    pepper.ok_or_else(|| Problem::new(key, expected()))
}

/// What a second use of a one-time token does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", try_from = "String")]
pub enum SecondUse {
    /// It is refused.
    Refuse,
    /// It also ends the session that the first use made.
    EndSession,
}

impl TryFrom<String> for SecondUse {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.as_str() {
            "refuse" => Ok(Self::Refuse),
            "end_session" => Ok(Self::EndSession),
            _ => Err("expected refuse or end_session"),
        }
    }
}

/// Who may log in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Directory {
    /// `sqlite:PATH` or `postgres://…`.
    #[serde(serialize_with = "masked_address")]
    pub url: SecretString,
    /// A file that holds what `url` would.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_file: Option<PathBuf>,
    /// Connections to PostgreSQL at the most.
    pub connections: NonZeroUsize,
    /// How long PostgreSQL may take for one question, connecting included.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// Certificates of the authorities that PostgreSQL's is to be signed by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// A directory file that is applied at the start, once for each of its versions.
    pub import: PathBuf,
}

impl Default for Directory {
    fn default() -> Self {
        Self {
            url: "sqlite:data/directory.db".into(),
            url_file: None,
            connections: const { NonZeroUsize::new(8).unwrap() },
            timeout: Duration::from_secs(2),
            ca_file: None,
            import: PathBuf::new(),
        }
    }
}

/// How passwords are hashed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Passwords {
    /// Bcrypt's cost for passwords that are set, 4 to 31.
    pub bcrypt_cost: u32,
    /// Hashing threads; none takes as many as there are cores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<NonZeroUsize>,
    /// Logins that may wait for a hashing thread before further ones are refused.
    pub queue: NonZeroUsize,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            bcrypt_cost: 12,
            threads: None,
            queue: const { NonZeroUsize::new(64).unwrap() },
        }
    }
}

/// How letters are sent: the two dialects with a password reset need it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// `none`, `folder:PATH`, `smtps://…`, or `smtp://…` with `?tls=required`.
    #[serde(serialize_with = "masked_address")]
    pub transport: SecretString,
    /// A file that holds what `transport` would.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport_file: Option<PathBuf>,
    /// The sender's address.
    pub from: String,
    /// How long the mail server may take.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            transport: "none".into(),
            transport_file: None,
            from: "Isogloss <isogloss@localhost>".to_owned(),
            timeout: Duration::from_secs(30),
        }
    }
}

impl Mail {
    /// The sender's address, read.
    pub(crate) fn sender(&self) -> Result<Mailbox, Problem> {
        let expected = "expected an address like Name <name@example.com>";
        self.from
            .parse()
            .map_err(|_| Problem::new("mail.from", expected))
    }
}

/// What is logged.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Logging {
    /// How a line is written.
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, `trace`, or directives like `info,isogloss_core=debug`.
    pub level: String,
}

impl Default for Logging {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            level: "info".to_owned(),
        }
    }
}

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

impl TryFrom<String> for LogFormat {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.as_str() {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("expected text or json"),
        }
    }
}

impl Sections {
    pub(super) fn read(mut tables: Map<String, Value>) -> Result<Self, Problem> {
        let sections = Self {
            server: section(&mut tables, "server")?,
            management: section(&mut tables, "management")?,
            tokens: section(&mut tables, "tokens")?,
            directory: section(&mut tables, "directory")?,
            passwords: section(&mut tables, "passwords")?,
            throttle: section(&mut tables, "throttle")?,
            mail: section(&mut tables, "mail")?,
            logging: section(&mut tables, "logging")?,
        };
        if let Some(unknown) = tables.into_keys().next() {
            let known = "server, management, tokens, directory, passwords, throttle, mail, logging, dialects";
            let reason = format!("no such section, expected one of {known}");
            return Err(Problem::new(unknown, reason));
        }
        sections.check()
    }

    fn check(self) -> Result<Self, Problem> {
        if !(4..=31).contains(&self.passwords.bcrypt_cost) {
            return Err(Problem::new(
                "passwords.bcrypt_cost",
                "expected a number from 4 to 31",
            ));
        }
        for (key, duration) in [
            (
                "tokens.redis_connect_timeout",
                self.tokens.redis_connect_timeout,
            ),
            ("tokens.redis_timeout", self.tokens.redis_timeout),
            ("tokens.redis_pool_timeout", self.tokens.redis_pool_timeout),
        ] {
            if duration.is_zero() {
                return Err(Problem::new(key, "expected a duration above zero"));
            }
        }
        if self.directory.timeout.is_zero() {
            return Err(Problem::new(
                "directory.timeout",
                "expected a duration above zero",
            ));
        }
        if EnvFilter::try_new(&self.logging.level).is_err() {
            let reason = "expected error, warn, info, debug, trace, or directives like info,isogloss_core=debug";
            return Err(Problem::new("logging.level", reason));
        }
        TokenStoreAddress::of(&self.tokens)?;
        self.tokens.read_redis_ca()?;
        self.tokens.read_pepper()?;
        self.throttle.check()?;
        self.tokens.read_previous_pepper()?;
        DirectoryAddress::of(&self.directory)?;
        if let Some(file) = &self.directory.ca_file
            && let Err(error) = std::fs::File::open(file)
        {
            let reason = format!("{}: {error}", file.display());
            return Err(Problem::new("directory.ca_file", reason));
        }
        MailAddress::of(&self.mail)?;
        self.mail.sender()?;
        Ok(self)
    }
}

fn section<S: DeserializeOwned + Default>(
    tables: &mut Map<String, Value>,
    name: &str,
) -> Result<S, Problem> {
    match tables.remove(name) {
        None => Ok(S::default()),
        Some(value) => problem::read(name, value),
    }
}

#[expect(clippy::ref_option, reason = "serde calls it like this")]
fn masked<S: Serializer>(_: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("***")
}

/// An address, with the password in it masked.
fn masked_address<S: Serializer>(address: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&without_password(address))
}
