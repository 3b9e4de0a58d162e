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
    /// How many of the places in the queue and at the threads one account may hold, in percent.
    pub account_share: u8,
    /// How many of these places one source of requests may hold, and one network, in percent.
    pub source_share: u8,
}

impl PasswordSettings {
    /// Returns how many passwords a thread checks together.
    pub(super) fn at_once(self) -> usize {
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
