//! `[usage]`: counting who uses which dialect.

use std::num::NonZeroUsize;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Counting who uses which dialect.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Usage {
    /// Whether it is counted.
    pub enabled: bool,
    /// How often counts go into the directory's database.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "1day"))]
    pub flush_interval: Duration,
    /// How long a client stays there that is not seen any more.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "1s"))]
    pub keep: Duration,
    /// Rows of known clients at the most: one for each endpoint and client.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub max_rows: NonZeroUsize,
}

impl Default for Usage {
    fn default() -> Self {
        Self {
            enabled: true,
            flush_interval: Duration::from_secs(10),
            keep: Duration::from_hours(24 * 400),
            max_rows: const { NonZeroUsize::new(10_000).unwrap() },
        }
    }
}
