//! The section `throttle`: how often passwords may be guessed.

use std::num::NonZeroU32;
use std::time::Duration;

use isogloss_core::throttle::{Budget, Limits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Limits for guessing passwords, for all dialects together.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Throttle {
    /// Whether attempts are counted and limited.
    pub enabled: bool,
    /// Free wrong passwords for an account from one network.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub account_tries: NonZeroU32,
    /// Time after which one of them is restored.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "30days"))]
    pub account_refill: Duration,
    /// Free wrong passwords for an account from an address that has logged in to it before, or with a live token
    /// of its user.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub known_client_tries: NonZeroU32,
    /// Time after which one of them is restored.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "30days"))]
    pub known_client_refill: Duration,
    /// How long an address is known after a login.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration")]
    pub remember_clients: Duration,
    /// Free wrong passwords from one source, for any account.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub source_tries: NonZeroU32,
    /// Time after which one of them is restored.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "30days"))]
    pub source_refill: Duration,
    /// Free wrong passwords from one network, for any account; and wrong keys, counted separately.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub network_tries: NonZeroU32,
    /// Time after which one of them is restored.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "30days"))]
    pub network_refill: Duration,
    /// Free wrong application keys from one source.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub key_tries: NonZeroU32,
    /// Time after which one of them is restored.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "30days"))]
    pub key_refill: Duration,
    /// Free wrong access cards from all addresses together; and wrong keys of each dialect, counted separately.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub everywhere_tries: NonZeroU32,
    /// Time after which one of them is restored.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "30days"))]
    pub everywhere_refill: Duration,
    /// Free wrong codes of an account's second factor.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub code_tries: NonZeroU32,
    /// Time after which one of them is restored.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "30days"))]
    pub code_refill: Duration,
    /// The first lock; each further one is twice as long.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "365days"))]
    pub first_lock: Duration,
    /// The longest lock.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "365days"))]
    pub longest_lock: Duration,
    /// E-mails to one name.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub letters: NonZeroU32,
    /// Time after which one more may be sent.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "30days"))]
    pub letters_refill: Duration,
    /// E-mails that one source may request.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub letters_of_source: NonZeroU32,
    /// Time after which it may request one more.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "30days"))]
    pub letters_of_source_refill: Duration,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            enabled: true,
            account_tries: const { NonZeroU32::new(10).unwrap() },
            account_refill: Duration::from_mins(1),
            known_client_tries: const { NonZeroU32::new(10).unwrap() },
            known_client_refill: Duration::from_mins(1),
            remember_clients: Duration::from_hours(24 * 30),
            source_tries: const { NonZeroU32::new(100).unwrap() },
            source_refill: Duration::from_secs(6),
            network_tries: const { NonZeroU32::new(1000).unwrap() },
            network_refill: Duration::from_secs(1),
            key_tries: const { NonZeroU32::new(20).unwrap() },
            key_refill: Duration::from_mins(1),
            everywhere_tries: const { NonZeroU32::new(3000).unwrap() },
            everywhere_refill: Duration::from_millis(500),
            code_tries: const { NonZeroU32::new(5).unwrap() },
            code_refill: Duration::from_mins(1),
            first_lock: Duration::from_secs(1),
            longest_lock: Duration::from_mins(15),
            letters: const { NonZeroU32::new(3).unwrap() },
            letters_refill: Duration::from_hours(1),
            letters_of_source: const { NonZeroU32::new(20).unwrap() },
            letters_of_source_refill: Duration::from_mins(3),
        }
    }
}

impl Throttle {
    /// Converts the settings to the limits of core.
    pub(crate) fn limits(&self) -> Limits {
        let locking = |tries: NonZeroU32, refill| Budget {
            tries: tries.get(),
            refill,
            first_lock: self.first_lock,
            longest_lock: self.longest_lock,
        };
        // The client does not learn that an e-mail was not sent, so these locks do not grow.
        let steady = |tries: NonZeroU32, refill| Budget {
            tries: tries.get(),
            refill,
            first_lock: refill,
            longest_lock: refill,
        };
        Limits {
            account: locking(self.account_tries, self.account_refill),
            known_client: locking(self.known_client_tries, self.known_client_refill),
            source: locking(self.source_tries, self.source_refill),
            network: locking(self.network_tries, self.network_refill),
            key: locking(self.key_tries, self.key_refill),
            everywhere: locking(self.everywhere_tries, self.everywhere_refill),
            code: locking(self.code_tries, self.code_refill),
            letters: steady(self.letters, self.letters_refill),
            letters_of_source: steady(self.letters_of_source, self.letters_of_source_refill),
            remember_clients: self.remember_clients,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_default_tries_do_not_tell_who_is_known_at_an_address() {
        let limits = Throttle::default().limits();
        assert_eq!(limits.known_client, limits.account);
    }

    #[test]
    fn by_default_no_network_can_spend_what_is_for_everywhere() {
        let limits = Throttle::default().limits();
        assert!(limits.network.tries < limits.everywhere.tries);
        assert!(limits.network.refill > limits.everywhere.refill);
    }
}
