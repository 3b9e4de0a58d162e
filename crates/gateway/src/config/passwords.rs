//! The section `passwords`: how passwords are hashed.

use std::num::{NonZeroU8, NonZeroUsize};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How passwords are hashed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Passwords {
    /// Bcrypt's cost for passwords that are set, 4 to 18: each step doubles the time of a login.
    #[schemars(range(min = 4, max = 18))]
    pub bcrypt_cost: u32,
    /// Hashing threads; none takes as many as there are cores.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1024))]
    pub threads: Option<NonZeroUsize>,
    /// Logins that may wait for a hashing thread before further ones are refused.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub queue: NonZeroUsize,
    /// How long one may wait there before it is refused, too.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "1day"))]
    pub queue_timeout: Duration,
    /// Whether hashes of other systems are taken that give the password away to who steals them.
    pub allow_weak: bool,
    /// Whether hashing threads stand back behind all others.
    pub low_priority: bool,
    /// Whether one thread checks up to four passwords at once when several wait.
    pub lanes: bool,
    /// How many of all logins that wait or are checked may be for one account, in percent.
    #[schemars(range(min = 1, max = 100))]
    pub account_share: NonZeroU8,
    /// How many of them may come from one source, and from one network, in percent.
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
