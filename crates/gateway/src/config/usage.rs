//! `[usage]`: counts which clients use each dialect.

use std::num::{NonZeroU16, NonZeroUsize};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Counts which clients use each dialect.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Usage {
    /// Whether clients are counted.
    pub enabled: bool,
    /// How often counts are written to the directory's database.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "1day"))]
    pub flush_interval: Duration,
    /// How long a client stays in the table after it was last seen.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "1s"))]
    pub keep: Duration,
    /// Maximum number of rows for known clients: one for each endpoint and client.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub max_rows: NonZeroUsize,
    /// How many days the counts of a day are kept.
    #[schemars(range(min = 1, max = 36_500))]
    pub keep_days: NonZeroU16,
    /// Maximum number of known clients of a dialect that have counts of their own on one day.
    #[schemars(range(min = 1, max = 100_000))]
    pub max_clients_per_day: NonZeroUsize,
}

impl Default for Usage {
    fn default() -> Self {
        Self {
            enabled: true,
            flush_interval: Duration::from_secs(10),
            keep: Duration::from_hours(24 * 400),
            max_rows: const { NonZeroUsize::new(10_000).unwrap() },
            keep_days: const { NonZeroU16::new(400).unwrap() },
            max_clients_per_day: const { NonZeroUsize::new(200).unwrap() },
        }
    }
}
