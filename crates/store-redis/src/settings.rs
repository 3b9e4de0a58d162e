//! How Redis is reached, and what is expected of it.

use std::num::NonZeroUsize;
use std::time::Duration;

use secrecy::SecretString;

use super::keys::KeyPrefix;

/// How Redis is reached, and what is expected of it.
#[derive(Debug, Clone)]
pub struct RedisSettings {
    /// Where it is: [`RedisSettings::EXPECTED`] says how that is written.
    pub url: SecretString,
    /// What all keys begin with.
    pub prefix: KeyPrefix,
    /// Certificates, as PEM, of the authorities to trust instead of the system's.
    pub ca: Option<Vec<u8>>,
    /// Connections at the most. A cluster has one for each server, whatever this says.
    pub connections: usize,
    /// How long it may take to connect to one server, TLS and password included.
    pub connect_timeout: Duration,
    /// How long a command may take.
    pub timeout: Duration,
    /// How long to wait for a free connection.
    pub pool_timeout: Duration,
    /// How many replicas must have acknowledged a revocation before it counts as done.
    pub wait_replicas: usize,
    /// How many tokens are kept here after a lookup, while Redis tells of their changes; none are if
    /// that is zero.
    pub near_cache: usize,
    /// Whether each thread looks tokens up by a connection of its own, where tokens are kept here.
    pub worker_connections: bool,
    /// How many uses of tokens are noted together at the most. A cluster is told of each by itself.
    pub touch_batch: NonZeroUsize,
    /// What to make of a Redis that may evict tokens.
    pub eviction: Eviction,
    /// Whether tokens are issued that users expect to outlive a restart of Redis.
    pub remembers: bool,
}

impl RedisSettings {
    /// The addresses that are understood.
    pub const EXPECTED: &str = "redis[s]://[[user]:password@]host[:port][/database], \
        redis[s]+sentinel://[[user]:password@]host[:port],…/name or \
        redis[s]+cluster://[[user]:password@]host[:port],… (a user needs a password: user:password@)";

    /// How long a question may take with all that comes before it: asking sentinels, waiting for a
    /// connection or making one, and asking for the role.
    pub(super) fn patience(&self) -> Duration {
        self.entering() + self.timeout
    }

    /// All that comes before it.
    pub(super) fn entering(&self) -> Duration {
        self.pool_timeout + self.connect_timeout * 2 + self.timeout
    }

    /// An address, and everything else as it mostly is.
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
            remembers: false,
        }
    }
}

/// What to make of a Redis that may evict tokens when its memory is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eviction {
    /// It is not ready for use.
    Refuse,
    /// It is used, and warned of.
    Warn,
    /// Nothing is said.
    Ignore,
}
