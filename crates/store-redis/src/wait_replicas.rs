//! Waits until replicas have a revocation.

use std::time::Duration;

use isogloss_core::StoreError;
use redis::{Cmd, RedisResult, cmd};

use super::RedisSettings;
use super::server_name::failed_at;

/// How many replicas a revocation waits for, and how long.
#[derive(Clone, Copy)]
pub(super) struct Replicas {
    wanted: usize,
    within: Duration,
}

impl Replicas {
    pub(super) fn of(settings: &RedisSettings) -> Self {
        Self {
            wanted: settings.wait_replicas,
            // The response must arrive before the command itself times out.
            within: settings.timeout / 2,
        }
    }

    pub(super) fn are_wanted(self) -> bool {
        self.wanted > 0
    }

    pub(super) fn wait(self) -> Cmd {
        let mut wait = cmd("WAIT");
        let within = u64::try_from(self.within.as_millis()).unwrap_or(u64::MAX);
        // 0 would wait forever.
        wait.arg(self.wanted).arg(within.max(1));
        wait
    }

    /// Returns an error if too few replicas acknowledged. The revocation has been executed, but the caller must
    /// know that it is not certain.
    pub(super) fn suffice(
        self,
        place: &str,
        acknowledged: RedisResult<usize>,
    ) -> Result<(), StoreError> {
        let acknowledged = acknowledged.map_err(|error| failed_at(place, error))?;
        if acknowledged >= self.wanted {
            return Ok(());
        }
        let wanted = self.wanted;
        Err(failed_at(
            place,
            format_args!("{acknowledged} of {wanted} replicas acknowledged in time"),
        ))
    }
}
