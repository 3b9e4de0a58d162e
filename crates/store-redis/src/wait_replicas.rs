//! Waits until replicas have a revocation.

use std::time::Duration;

use isogloss_core::StoreError;
use redis::{Cmd, RedisResult, cmd};

use super::RedisSettings;
use super::server_name::error_at;

/// How many replicas a revocation waits for, and how long.
#[derive(Clone, Copy)]
pub(super) struct WaitReplicas {
    required: usize,
    time_limit: Duration,
}

impl WaitReplicas {
    pub(super) fn from_settings(settings: &RedisSettings) -> Self {
        Self {
            required: settings.wait_replicas,
            // The response must arrive before the command itself times out.
            time_limit: settings.timeout / 2,
        }
    }

    pub(super) fn is_required(self) -> bool {
        self.required > 0
    }

    pub(super) fn wait_command(self) -> Cmd {
        let mut wait = cmd("WAIT");
        let time_limit = u64::try_from(self.time_limit.as_millis()).unwrap_or(u64::MAX);
        // 0 would wait forever.
        wait.arg(self.required).arg(time_limit.max(1));
        wait
    }

    /// Fails if fewer replicas acknowledged than required, or if `WAIT` failed. The revocation has been
    /// executed then, but the caller must know that it is not certain.
    pub(super) fn check(
        self,
        server: &str,
        acknowledged: RedisResult<usize>,
    ) -> Result<(), StoreError> {
        let acknowledged = acknowledged.map_err(|error| error_at(server, error))?;
        if acknowledged >= self.required {
            return Ok(());
        }
        let required = self.required;
        Err(error_at(
            server,
            format_args!("{acknowledged} of {required} replicas acknowledged in time"),
        ))
    }
}
