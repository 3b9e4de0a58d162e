//! Settings of the connection to Redis, and requirements on it.

use std::num::NonZeroUsize;
use std::time::Duration;

use secrecy::SecretString;

use super::keys::KeyPrefix;

/// Settings of the connection to Redis, and requirements on it.
#[derive(Debug, Clone)]
pub struct RedisSettings {
    /// The address, in one of the forms of [`RedisSettings::EXPECTED`].
    pub url: SecretString,
    /// The prefix of all keys.
    pub prefix: KeyPrefix,
    /// PEM certificates of the authorities to trust instead of the system's.
    pub ca: Option<Vec<u8>>,
    /// Maximum number of connections. A cluster always has one for each server.
    pub connections: usize,
    /// Time limit for connecting to one server, including TLS and authentication.
    pub connect_timeout: Duration,
    /// Time limit for a command.
    pub timeout: Duration,
    /// Time limit for waiting for a free connection.
    pub pool_timeout: Duration,
    /// How many replicas must acknowledge a revocation before it counts as done.
    pub wait_replicas: usize,
    /// How many tokens are cached after a lookup, while Redis sends invalidations. Zero switches the near cache
    /// off.
    pub near_cache: usize,
    /// Whether each thread looks tokens up over a connection of its own, if there is a near cache.
    pub worker_connections: bool,
    /// Maximum number of token uses that are written together. In a cluster, each is written separately.
    pub touch_batch: NonZeroUsize,
    /// What to do if Redis may evict tokens.
    pub eviction: Eviction,
    /// Whether tokens are issued that users expect to survive a restart of Redis.
    pub has_long_lived_tokens: bool,
}

impl RedisSettings {
    /// A description of valid addresses, for error messages.
    pub const EXPECTED: &str = "redis[s]://[[user]:password@]host[:port][/database], \
        redis[s]+sentinel://[[user]:password@]host[:port],…/name or \
        redis[s]+cluster://[[user]:password@]host[:port],… (a user needs a password: user:password@)";

    /// Returns how long a request may take with everything that precedes it: querying sentinels, waiting for a
    /// connection or opening one, and querying the role.
    pub(super) fn request_time_limit(&self) -> Duration {
        self.connection_time_limit() + self.timeout
    }

    /// Returns how long everything may take that precedes a request: querying sentinels, waiting for a
    /// connection or opening one, and querying the role.
    pub(super) fn connection_time_limit(&self) -> Duration {
        self.pool_timeout + self.connect_timeout * 2 + self.timeout
    }

    /// Returns settings for an address, with defaults for everything else.
    pub fn at(url: impl Into<SecretString>) -> Self {
        const SECOND: Duration = Duration::from_secs(1);
        Self {
            url: url.into(),
            prefix: KeyPrefix::default(),
            ca: None,
            connections: 16,
            connect_timeout: SECOND,
            timeout: SECOND,
            pool_timeout: SECOND,
            wait_replicas: 0,
            near_cache: 0,
            worker_connections: true,
            touch_batch: const { NonZeroUsize::new(64).unwrap() },
            eviction: Eviction::Warn,
            has_long_lived_tokens: false,
        }
    }
}

/// What to do if Redis may evict tokens when its memory is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eviction {
    /// Redis is not ready for use.
    Refuse,
    /// Redis is used, with a warning.
    Warn,
    /// Redis is used, without a warning.
    Ignore,
}
