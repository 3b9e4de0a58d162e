//! Settings of password hashing: cost, threads, queue and shares.

use std::num::NonZeroUsize;
use std::time::Duration;

use isogloss_bcrypt_lanes::LANES;

/// How passwords are hashed.
#[derive(Debug, Clone, Copy)]
pub struct PasswordSettings {
    /// Bcrypt's cost, 4 to 31: each step doubles the time.
    pub bcrypt_cost: u32,
    /// Hashing threads; `None` takes as many as there are cores.
    pub threads: Option<NonZeroUsize>,
    /// How many logins may wait for a thread; further ones are refused.
    pub queue: usize,
    /// How long a login may wait there; then it is refused, too.
    pub queue_timeout: Duration,
    /// Whether hashes of other systems are accepted that reveal the password to an attacker who steals them.
    pub allow_weak: bool,
    /// Whether hashing threads have a lower priority than all others, on Linux.
    pub low_priority: bool,
    /// Whether one thread checks several passwords together when several wait.
    pub lanes: bool,
    /// The share of the hashing permits that one account may hold, in percent. There is a permit for each job that
    /// can wait or run.
    pub account_share: u8,
    /// The share of the hashing permits that one client IP may hold, and one network, in percent.
    pub source_share: u8,
}

impl PasswordSettings {
    /// Returns how many bcrypt hashes a thread checks together at most: one, unless `lanes` is set.
    pub(super) fn batch_size(self) -> usize {
        if self.lanes { LANES } else { 1 }
    }
}

impl Default for PasswordSettings {
    fn default() -> Self {
        Self {
            bcrypt_cost: 12,
            threads: None,
            queue: 64,
            queue_timeout: Duration::from_secs(5),
            allow_weak: false,
            low_priority: false,
            lanes: true,
            account_share: 12,
            source_share: 50,
        }
    }
}
