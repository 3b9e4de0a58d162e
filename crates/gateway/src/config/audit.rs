//! `[audit]`: the sinks of the audit log.

use std::num::NonZeroUsize;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::log_target::LogTarget;

/// The audit log: a record of logins, refusals and changes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// `none`, `stdout`, or `file:PATH`.
    pub to: LogTarget,
    /// Whether events also go to a table of the directory's database.
    pub database: bool,
    /// How long events stay in that table.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "1s"))]
    pub keep: Duration,
    /// How many events may wait for a disk or a database before further ones are lost.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub queue: NonZeroUsize,
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            to: LogTarget::None,
            database: false,
            keep: Duration::from_hours(24 * 90),
            queue: const { NonZeroUsize::new(10_000).unwrap() },
        }
    }
}
