//! Limits of the login throttle.

use std::time::Duration;

/// The budget of one bucket: how many attempts it grants, and how long it is locked after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// The number of free attempts; the last one is followed by a lock. At least one.
    pub tries: u32,
    /// The time to refill one attempt.
    pub refill: Duration,
    /// The duration of the first lock; each further one is twice as long.
    pub first_lock: Duration,
    /// The maximum duration of a lock.
    pub longest_lock: Duration,
}

/// The budget of each kind of bucket, and how long clients are remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Wrong passwords for an account from one network.
    pub account: Budget,
    /// Wrong passwords for an account from an address from which it was used before, or with a live token of its
    /// user. A budget other than that of `account` reveals to neighbours behind one address which accounts have
    /// logged in from there.
    pub known_client: Budget,
    /// Wrong passwords from one source, whatever the account.
    pub source: Budget,
    /// Wrong passwords from one network, whatever the account; and wrong keys, counted separately.
    pub network: Budget,
    /// Wrong application keys from one source.
    pub key: Budget,
    /// Wrong access cards from everywhere together; and wrong application keys of each dialect, counted
    /// separately.
    pub everywhere: Budget,
    /// Wrong codes of an account's second factor.
    pub code: Budget,
    /// E-mails that are requested for one name.
    pub letters: Budget,
    /// E-mails that are requested from one source.
    pub letters_of_source: Budget,
    /// How long the address of a login is remembered.
    pub remember_clients: Duration,
}
