//! A bucket: what it counts, and how it empties and refills.

use std::fmt;
use std::time::Duration;

use time::OffsetDateTime;

use super::Budget;
use crate::clock::{from_milliseconds, milliseconds};
use crate::token_digest::TokenDigest;

/// What attempts are counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BucketKind {
    /// An account, from one network.
    Account,
    /// An account, from an address from which it was used before, or with a live token of its user.
    KnownClient,
    /// A source, whatever the account.
    Source,
    /// The network of a source, whatever the account.
    Network,
    /// The second factor of an account.
    Code,
    /// All access cards, from everywhere.
    Card,
    /// Application keys of a realm: from a source, from its network, or all of them from everywhere.
    Key,
    /// E-mails to a name.
    Emails,
    /// E-mails that a source requests.
    EmailsOfSource,
    /// Passwords of a user that are passed on to an authority, from everywhere.
    Authority,
}

impl BucketKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Account,
        Self::KnownClient,
        Self::Source,
        Self::Network,
        Self::Code,
        Self::Card,
        Self::Key,
        Self::Emails,
        Self::EmailsOfSource,
        Self::Authority,
    ];

    /// Returns the name of the kind in metrics and lists, such as `account`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::KnownClient => "known_client",
            Self::Source => "source",
            Self::Network => "network",
            Self::Code => "code",
            Self::Card => "card",
            Self::Key => "key",
            Self::Emails => "letters",
            Self::EmailsOfSource => "letters_of_source",
            Self::Authority => "authority",
        }
    }

    /// Returns the kind with that name in metrics and lists. `None` if there is no such kind.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for BucketKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A bucket, with the data that operators may see: never the name that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// A keyed hash of everything that identifies the bucket.
    pub key: TokenDigest,
    /// What the bucket counts.
    pub kind: BucketKind,
    /// A keyed hash of the name that was tried.
    pub account: Option<TokenDigest>,
    /// The network from which the attempts came.
    pub network: Option<String>,
    /// A keyed hash of that network.
    pub network_digest: Option<TokenDigest>,
}

/// The result of taking an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChargeOutcome {
    /// The attempt may proceed.
    Granted(Permit),
    /// The bucket is locked.
    Locked {
        /// When the lock ends.
        until: OffsetDateTime,
    },
}

/// What is needed to return an attempt to its bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permit {
    /// What the attempt took out of the bucket, in milliseconds of refilling.
    pub cost: i64,
    /// The end of the lock that the attempt began, in milliseconds since 1970; 0 if it began none.
    pub lock: i64,
    /// When the bucket is full if nothing follows the attempt, in milliseconds since 1970.
    pub full_at: i64,
}

/// How empty a bucket is. All timestamps are milliseconds since 1970. The script of `RedisThrottle` works
/// in the same way; one test suite covers both.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct BucketState {
    pub(super) full_at: i64,
    pub(super) locks: u32,
    pub(super) locked_until: i64,
}

impl BucketState {
    /// Takes an attempt out of the bucket at `now`, and locks the bucket if that was the last one. Returns
    /// [`ChargeOutcome::Locked`] and changes nothing if a lock is active.
    pub(super) fn charge(&mut self, budget: &Budget, now: i64) -> ChargeOutcome {
        if self.locked_until > now {
            return ChargeOutcome::Locked {
                until: from_milliseconds(self.locked_until),
            };
        }
        if self.full_at <= now {
            *self = Self {
                full_at: now,
                ..Self::default()
            };
        }
        let (refill, capacity) = budget.in_milliseconds();
        let before = self.full_at;
        self.full_at = (before + refill).min(now + capacity);
        let mut lock = 0;
        if self.full_at - now > capacity - refill {
            self.locks += 1;
            lock = now + whole_milliseconds(budget.lock(self.locks));
            self.locked_until = lock;
            // Nothing refills while the lock lasts.
            self.full_at += lock - now;
        }
        ChargeOutcome::Granted(Permit {
            cost: self.full_at - before,
            lock,
            full_at: self.full_at,
        })
    }

    /// Returns an attempt to the bucket, and removes the lock that the attempt began.
    pub(super) fn refund(&mut self, permit: Permit) {
        self.full_at -= permit.cost;
        if permit.lock != 0 && self.locked_until == permit.lock {
            self.locked_until = 0;
            self.locks = self.locks.saturating_sub(1);
        }
    }

    /// Returns `true` if the bucket must be stored: it is not full, or it is locked.
    pub(super) fn must_be_stored(&self, now: i64) -> bool {
        self.full_at > now || self.locked_until > now
    }
}

impl Budget {
    /// Returns the duration of the lock with that number. The first lock has number 1.
    fn lock(&self, number: u32) -> Duration {
        let factor = 1_u32.checked_shl(number - 1).unwrap_or(u32::MAX);
        self.first_lock
            .saturating_mul(factor)
            .min(self.longest_lock)
    }

    /// Returns two spans in milliseconds: the time to refill one attempt, and the time to refill all attempts.
    pub fn in_milliseconds(&self) -> (i64, i64) {
        let refill = whole_milliseconds(self.refill);
        (refill, refill.saturating_mul(i64::from(self.tries)))
    }
}

/// Returns a span in milliseconds, rounded down and at most a hundred years.
pub fn whole_milliseconds(span: Duration) -> i64 {
    /// A hundred years: no sum of such values overflows.
    const LONGEST: i64 = 3_155_760_000_000;
    i64::try_from(span.as_millis()).map_or(LONGEST, |span| span.min(LONGEST))
}

/// Returns the timestamp that is that many milliseconds after the Unix epoch. `None` if that timestamp is not
/// after `now`.
pub fn future(moment: i64, now: OffsetDateTime) -> Option<OffsetDateTime> {
    (moment > milliseconds(now)).then(|| from_milliseconds(moment))
}
