//! The section `directory`: who may log in.

use std::fs::File;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::backend_url::DirectoryAddress;
use super::error::Problem;
use super::redact::masked_address;

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
    #[schemars(range(min = 1, max = 10_000))]
    pub connections: NonZeroUsize,
    /// How long PostgreSQL may take for one question, connecting included.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "1day"))]
    pub timeout: Duration,
    /// Certificates of the authorities that PostgreSQL's is to be signed by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// How many users a gateway keeps after it looked them up in a SQLite file, until a transaction
    /// changes the file; 0 for none.
    #[schemars(range(min = 0, max = 100_000_000))]
    pub near_cache: usize,
    /// A directory file that is applied at the start, unless it was the last one applied. What was changed
    /// here since stays.
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
    /// Returns the key that says where it is: `directory.url`, or the one that names a file in its place.
    pub(crate) const fn url_key(&self) -> &'static str {
        match self.url_file {
            None => "directory.url",
            Some(_) => "directory.url_file",
        }
    }

    pub(super) fn check(&self) -> Result<(), Problem> {
        DirectoryAddress::of(self)?;
        if let Some(file) = &self.ca_file
            && let Err(error) = File::open(file)
        {
            let reason = format!("{}: {error}", file.display());
            return Err(Problem::new("directory.ca_file", reason));
        }
        Ok(())
    }
}
