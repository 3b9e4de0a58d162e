//! The section `passwords`: how passwords are hashed.

use std::num::{NonZeroU8, NonZeroUsize};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How passwords are hashed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Passwords {
    /// Bcrypt cost for new passwords, 4 to 18: each step doubles the time of a login.
    #[schemars(range(min = 4, max = 18))]
    pub bcrypt_cost: u32,
    /// Hashing threads; default: the number of cores.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1024))]
    pub threads: Option<NonZeroUsize>,
    /// How many logins may wait for a hashing thread before further ones are refused.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub queue: NonZeroUsize,
    /// How long a login may wait there before it is refused.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "1day"))]
    pub queue_timeout: Duration,
    /// Whether to import and check weak hashes of other systems, which reveal passwords to an attacker who
    /// steals them.
    pub allow_weak: bool,
    /// Whether hashing threads have the lowest priority of the system (on Linux).
    pub low_priority: bool,
    /// Whether one thread checks up to four waiting passwords in parallel.
    pub lanes: bool,
    /// The share, in percent, of all waiting and running logins that one account may have.
    #[schemars(range(min = 1, max = 100))]
    pub account_share: NonZeroU8,
    /// The share, in percent, of all waiting and running logins that one source, or one network, may have.
    #[schemars(range(min = 1, max = 100))]
    pub source_share: NonZeroU8,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            bcrypt_cost: 12,
            threads: None,
            queue: const { NonZeroUsize::new(64).unwrap() },
            queue_timeout: Duration::from_secs(5),
            allow_weak: false,
            low_priority: true,
            lanes: true,
            account_share: const { NonZeroU8::new(12).unwrap() },
            source_share: const { NonZeroU8::new(50).unwrap() },
        }
    }
}
