//! The section `directory`: the directory of users.

use std::fs::File;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::backend_url::DirectoryAddress;
use super::error::ConfigError;
use super::redact::masked_address;

/// The directory of users.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Directory {
    /// `sqlite:PATH` or `postgres://…`.
    #[serde(serialize_with = "masked_address")]
    #[schemars(with = "String")]
    pub url: SecretString,
    /// A file with the value of `url`, for addresses with a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_file: Option<PathBuf>,
    /// Maximum number of connections to PostgreSQL.
    #[schemars(range(min = 1, max = 10_000))]
    pub connections: NonZeroUsize,
    /// How long a query to PostgreSQL may take, including the time to connect.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "1day"))]
    pub timeout: Duration,
    /// Certificates (PEM) of the authorities to trust for PostgreSQL, in addition to the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// How many users of a SQLite file the gateway caches, until a transaction changes the file; 0 switches
    /// the cache off.
    #[schemars(range(min = 0, max = 100_000_000))]
    pub near_cache: usize,
    /// A directory file to import at the start, unless it was imported last. Changes that were made here since
    /// stay.
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

impl Directory {
    /// Returns the key that has the directory's address: `directory.url`, or `directory.url_file` if that is
    /// set.
    pub(crate) const fn url_key(&self) -> &'static str {
        match self.url_file {
            None => "directory.url",
            Some(_) => "directory.url_file",
        }
    }

    /// Fails if the address is invalid or the certificate file cannot be opened.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        DirectoryAddress::from_settings(self)?;
        if let Some(file) = &self.ca_file
            && let Err(error) = File::open(file)
        {
            let reason = format!("{}: {error}", file.display());
            return Err(ConfigError::new("directory.ca_file", reason));
        }
        Ok(())
    }
}
