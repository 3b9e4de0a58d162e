//! How much is granted.

use std::time::Duration;

/// What one bucket grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Tries that are free; the last one is followed by a lock. At least one.
    pub tries: u32,
    /// How long it takes until one of them is there again.
    pub refill: Duration,
    /// The first lock; each further one is twice as long.
    pub first_lock: Duration,
    /// The longest lock.
    pub longest_lock: Duration,
}

/// What each kind of bucket grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Wrong passwords for an account from one network.
    pub account: Budget,
    /// Wrong passwords for an account from a client that it was used from before.
    pub known_client: Budget,
    /// Wrong passwords from one source, whatever the account.
    pub source: Budget,
    /// Wrong codes of an account's second factor.
    pub code: Budget,
    /// Letters that are asked for by one name.
    pub letters: Budget,
    /// Letters that are asked for from one source.
    pub letters_of_source: Budget,
    /// How long a client is remembered after a login.
    pub remember_clients: Duration,
}
