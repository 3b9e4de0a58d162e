//! `[tokens]`: where tokens live, what keys them, and how many there may be.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use isogloss_core::Pepper;
use isogloss_store_redis::KeyPrefix;
use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::backend_url::{TokenStoreAddress, file_exists};
use super::error::ConfigError;
use super::redact::{masked, masked_address};
use super::secret_file::read_secret;

/// The token store.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tokens {
    /// `memory:`, `embedded:PATH`, or a Redis: one server, sentinels or a cluster.
    #[serde(serialize_with = "masked_address")]
    #[schemars(with = "String")]
    pub store: SecretString,
    /// A file with the value of `store`, for addresses with a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store_file: Option<PathBuf>,
    /// The secret under which all tokens are stored, at least 16 bytes; the same at every gateway of a store.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "masked")]
    #[schemars(with = "Option<String>")]
    pub pepper: Option<SecretString>,
    /// A file with the pepper; it is created at the first start if it is missing.
    pub pepper_file: PathBuf,
    /// The previous pepper, whose tokens stay valid until they expire.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "masked")]
    #[schemars(with = "Option<String>")]
    pub previous_pepper: Option<SecretString>,
    /// A file with the previous pepper.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_pepper_file: Option<PathBuf>,
    /// How many live sessions a user may have, and separately how many tokens that can log in again. Above the
    /// limit, the least recently used session of the dialect with the most sessions ends.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub per_user: NonZeroUsize,
    /// How many of them at one client, and how many of one login.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub per_client: NonZeroUsize,
    /// How many unused one-time tokens a user may have, counted separately.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub one_time_per_user: NonZeroUsize,
    /// The effect of a second use of a one-time token, in addition to a refusal, a warning and a count.
    pub second_use: SecondUse,
    /// The prefix of all keys in Redis, ending in a colon. Gateways of one installation need the same prefix, and
    /// installations that share a server need different ones.
    pub redis_prefix: String,
    /// Maximum number of connections to Redis.
    #[schemars(range(min = 1, max = 10_000))]
    pub redis_connections: NonZeroUsize,
    /// How long connecting to a Redis server may take, including TLS and password.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "1day"))]
    pub redis_connect_timeout: Duration,
    /// How long a command to Redis may take.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "1day"))]
    pub redis_timeout: Duration,
    /// How long to wait for a free connection to Redis.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "1day"))]
    pub redis_pool_timeout: Duration,
    /// Certificates (PEM) of the authorities to trust for Redis, instead of the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redis_ca_file: Option<PathBuf>,
    /// How many replicas must acknowledge a revocation before it succeeds.
    #[schemars(range(min = 0, max = 100))]
    pub redis_wait_replicas: usize,
    /// How many tokens of Redis the gateway caches, while Redis reports their changes; 0 switches the cache off.
    #[schemars(range(min = 0, max = 100_000_000))]
    pub redis_near_cache: usize,
    /// Whether each worker looks up tokens over its own connection, in addition to `redis_connections`. There is
    /// none without the cache, and none in a cluster.
    pub redis_worker_connections: bool,
    /// How many uses of tokens are recorded in one Redis command at most; 1 records each separately, as in a
    /// cluster.
    #[schemars(range(min = 1, max = 10_000))]
    pub redis_touch_batch: NonZeroUsize,
    /// What the gateway does if Redis may evict tokens.
    pub redis_eviction: RedisEviction,
}

/// What the gateway does if Redis may evict tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RedisEviction {
    /// The gateway is not ready.
    Refuse,
    /// The log and `/readyz` show a warning.
    Warn,
    /// Nothing is reported.
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
            one_time_per_user: const { NonZeroUsize::new(100).unwrap() },
            second_use: SecondUse::Refuse,
            redis_connections: const { NonZeroUsize::new(16).unwrap() },
            redis_connect_timeout: Duration::from_secs(1),
            redis_timeout: Duration::from_secs(1),
            redis_pool_timeout: Duration::from_secs(1),
            redis_ca_file: None,
            redis_prefix: "isogloss:".to_owned(),
            redis_wait_replicas: 0,
            redis_near_cache: 100_000,
            redis_worker_connections: true,
            redis_touch_batch: const { NonZeroUsize::new(64).unwrap() },
            redis_eviction: RedisEviction::Warn,
        }
    }
}

impl Tokens {
    /// Returns the key that has the token store's address: `tokens.store`, or `tokens.store_file` if that is
    /// set.
    pub(crate) const fn store_key(&self) -> &'static str {
        match self.store_file {
            None => "tokens.store",
            Some(_) => "tokens.store_file",
        }
    }

    /// Fails if the address, the prefix, a pepper or the certificate file is invalid.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        TokenStoreAddress::from_settings(self)?;
        self.key_prefix()?;
        self.read_redis_ca()?;
        self.read_pepper()?;
        self.read_previous_pepper().map(drop)
    }

    /// Returns the prefix of all keys in Redis. Fails if `redis_prefix` is invalid.
    pub(crate) fn key_prefix(&self) -> Result<KeyPrefix, ConfigError> {
        KeyPrefix::new(&self.redis_prefix).ok_or_else(|| {
            let expected = KeyPrefix::EXPECTED;
            ConfigError::new("tokens.redis_prefix", format!("expected {expected}"))
        })
    }

    /// Returns the contents of `redis_ca_file`, or `None` if it is not set. Fails if the file cannot be read.
    pub(crate) fn read_redis_ca(&self) -> Result<Option<Vec<u8>>, ConfigError> {
        let Some(file) = &self.redis_ca_file else {
            return Ok(None);
        };
        let certificates = std::fs::read(file).map_err(|error| {
            ConfigError::new(
                "tokens.redis_ca_file",
                format!("{}: {error}", file.display()),
            )
        })?;
        Ok(Some(certificates))
    }

    /// Returns the pepper of the configuration or of its file, or `None` if the file does not exist yet. Fails
    /// if the pepper is too short or the file cannot be read.
    pub(crate) fn read_pepper(&self) -> Result<Option<Pepper>, ConfigError> {
        let (key, secret) = match &self.pepper {
            Some(pepper) => ("tokens.pepper", pepper.clone()),
            None if !file_exists("tokens.pepper_file", &self.pepper_file)? => return Ok(None),
            None => {
                let key = "tokens.pepper_file";
                (key, read_secret(key, &self.pepper_file)?)
            }
        };
        checked_pepper(key, &secret).map(Some)
    }

    /// Returns the previous pepper, or `None` if none is configured. Fails if it is too short or its file
    /// cannot be read.
    pub(crate) fn read_previous_pepper(&self) -> Result<Option<Pepper>, ConfigError> {
        if let Some(pepper) = &self.previous_pepper {
            return checked_pepper("tokens.previous_pepper", pepper).map(Some);
        }
        let Some(file) = &self.previous_pepper_file else {
            return Ok(None);
        };
        let key = "tokens.previous_pepper_file";
        checked_pepper(key, &read_secret(key, file)?).map(Some)
    }
}

/// Converts a secret to a pepper. Fails if it is too short.
fn checked_pepper(key: &str, secret: &SecretString) -> Result<Pepper, ConfigError> {
    let expected = || format!("expected at least {} bytes", Pepper::MIN_BYTES);
    let pepper = Pepper::new(secret.expose_secret().as_bytes());
    pepper.ok_or_else(|| ConfigError::new(key, expected()))
}

/// What a second use of a one-time token does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
