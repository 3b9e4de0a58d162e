//! Every section but the dialects, with its defaults.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use ::config::{Map, Value};
use lettre::message::Mailbox;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use super::address::{DirectoryAddress, MailAddress, TokenStoreAddress};
use super::audit::Audit;
use super::jwt::Jwt;
use super::masked::masked_address;
use super::problem::{self, Problem};
use super::sunset::{self, Sunset};
use super::throttle::Throttle;
use super::tls::Tls;
use super::tokens::Tokens;
use super::tracing::Tracing;
use super::usage::Usage;
use crate::source::{Network, ProxyHeader};

/// Every section but the dialects.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
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
    /// Where it is recorded who did what.
    pub audit: Audit,
    /// JWTs for services behind the gateway.
    pub jwt: Jwt,
    /// Counting who uses which dialect.
    pub usage: Usage,
    /// How dialects are retired, by their names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sunset: BTreeMap<String, Sunset>,
    /// What is logged.
    pub logging: Logging,
    /// Where traces are sent.
    pub tracing: Tracing,
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
    pub workers: Option<NonZeroUsize>,
    /// The largest body, in bytes.
    pub body_limit: usize,
    /// The proxies in front whose word on the source of a request counts.
    pub trusted_proxies: Vec<Network>,
    /// The header that they write it into.
    pub proxy_header: ProxyHeader,
    /// How long an idle connection is kept: longer than a proxy in front keeps its own.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration")]
    pub keep_alive: Duration,
    /// How long a client may take to send the head of a request.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration")]
    pub head_timeout: Duration,
    /// How long it may take to send a body.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration")]
    pub body_timeout: Duration,
    /// Connections at the most, for each of the threads that serve requests.
    pub max_connections: NonZeroUsize,
    /// For how long browsers are to come by HTTPS only; zero says nothing of it.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration")]
    pub hsts: Duration,
    /// How long requests are still taken once a shutdown was asked for: those that were sent before
    /// it, and, longer, those that a load balancer sends until it notices.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration")]
    pub drain_delay: Duration,
    /// How long requests under way may take after that.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration")]
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
}

/// The management listener: for operators, and for the services behind the gateway.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Management {
    /// Address and port; port 0 takes a free one.
    pub bind: SocketAddr,
    /// Threads that serve its requests.
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

/// Who may log in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Directory {
    /// `sqlite:PATH` or `postgres://…`.
    #[serde(serialize_with = "masked_address")]
    #[schemars(with = "String")]
    pub url: SecretString,
    /// A file that holds what `url` would.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_file: Option<PathBuf>,
    /// Connections to PostgreSQL at the most.
    pub connections: NonZeroUsize,
    /// How long PostgreSQL may take for one question, connecting included.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration")]
    pub timeout: Duration,
    /// Certificates of the authorities that PostgreSQL's is to be signed by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// How many users a gateway keeps after it looked them up in a SQLite file, until a transaction
    /// changes the file; 0 for none.
    pub near_cache: usize,
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
            near_cache: 10_000,
            import: PathBuf::new(),
        }
    }
}

/// How passwords are hashed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Passwords {
    /// Bcrypt's cost for passwords that are set, 4 to 31.
    pub bcrypt_cost: u32,
    /// Hashing threads; none takes as many as there are cores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<NonZeroUsize>,
    /// Logins that may wait for a hashing thread before further ones are refused.
    pub queue: NonZeroUsize,
    /// How long one may wait there before it is refused, too.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration")]
    pub queue_timeout: Duration,
    /// Whether hashes of other systems are taken that give the password away to who steals them.
    pub allow_weak: bool,
    /// Whether hashing threads stand back behind all others.
    pub low_priority: bool,
    /// Whether one thread checks up to four passwords at once when several wait.
    pub lanes: bool,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            bcrypt_cost: 12,
            threads: None,
            queue: const { NonZeroUsize::new(64).unwrap() },
            queue_timeout: Duration::from_secs(5),
            allow_weak: false,
            low_priority: true,
            lanes: true,
        }
    }
}

/// How letters are sent: the two dialects with a password reset need it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// `none`, `folder:PATH`, `smtps://…`, or `smtp://…` with `?tls=required`.
    #[serde(serialize_with = "masked_address")]
    #[schemars(with = "String")]
    pub transport: SecretString,
    /// A file that holds what `transport` would.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport_file: Option<PathBuf>,
    /// The sender's address.
    pub from: String,
    /// How long the mail server may take.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration")]
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
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
            audit: section(&mut tables, "audit")?,
            jwt: section(&mut tables, "jwt")?,
            usage: section(&mut tables, "usage")?,
            sunset: sunset::read(tables.remove("sunset"))?,
            logging: section(&mut tables, "logging")?,
            tracing: section(&mut tables, "tracing")?,
        };
        if let Some(unknown) = tables.into_keys().next() {
            let known = "server, management, tokens, directory, passwords, throttle, mail, audit, jwt, usage, sunset, logging, tracing, dialects";
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
            ("server.head_timeout", self.server.head_timeout),
            ("server.body_timeout", self.server.body_timeout),
            (
                "tokens.redis_connect_timeout",
                self.tokens.redis_connect_timeout,
            ),
            ("passwords.queue_timeout", self.passwords.queue_timeout),
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
        self.audit.check()?;
        self.jwt.check()?;
        self.tracing.check()?;
        self.usage.check()?;
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
        for (section, tls) in [
            ("server", &self.server.tls),
            ("management", &self.management.tls),
        ] {
            if let Some(tls) = tls {
                tls.check(section)?;
            }
        }
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
