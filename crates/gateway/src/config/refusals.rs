//! `[refusals]`: refused requests with their true causes.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Refused requests with their true causes, which operators see and clients do not.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Refusals {
    /// Whether refused requests are recorded in the directory's database.
    pub enabled: bool,
    /// How long they are kept.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "1s"))]
    pub keep: Duration,
    /// How long the names are kept that clients typed, which may be passwords in the wrong field. With 0, only keyed hashes of
    /// them are stored.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "0s", "x-maximum" = "7days"))]
    pub keep_names: Duration,
    /// Maximum number of recorded requests per minute and client IP.
    #[schemars(range(min = 1, max = 100_000))]
    pub per_source: NonZeroU32,
    /// Maximum number of requests in the table, the latest ones.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub max_rows: NonZeroU64,
    /// How many requests may wait for the database before further ones are not recorded.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub queue: NonZeroUsize,
}

impl Default for Refusals {
    fn default() -> Self {
        Self {
            enabled: true,
            keep: Duration::from_hours(24 * 14),
            keep_names: Duration::ZERO,
            per_source: const { NonZeroU32::new(30).unwrap() },
            max_rows: const { NonZeroU64::new(1_000_000).unwrap() },
            queue: const { NonZeroUsize::new(10_000).unwrap() },
        }
    }
}
