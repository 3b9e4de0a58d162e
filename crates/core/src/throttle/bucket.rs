//! A bucket: what it is for, and how it empties and refills.

use std::fmt;
use std::time::Duration;

use time::OffsetDateTime;

use super::Budget;
use crate::clock::{from_milliseconds, milliseconds};
use crate::token_digest::TokenDigest;

/// What tries are counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An account, from one network.
    Account,
    /// An account, from an address that it was used from before, or with a live token of its user.
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
    /// Letters to a name.
    Letters,
    /// Letters that a source asks for.
    LettersOfSource,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Account,
        Self::KnownClient,
        Self::Source,
        Self::Network,
        Self::Code,
        Self::Card,
        Self::Key,
        Self::Letters,
        Self::LettersOfSource,
    ];

    /// As metrics and lists have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::KnownClient => "known_client",
            Self::Source => "source",
            Self::Network => "network",
            Self::Code => "code",
            Self::Card => "card",
            Self::Key => "key",
            Self::Letters => "letters",
            Self::LettersOfSource => "letters_of_source",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A bucket, and what operators may know of it: never the name that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// A keyed hash of all it is for.
    pub key: TokenDigest,
    /// What it counts.
    pub kind: Kind,
    /// A keyed hash of the name that was tried.
    pub account: Option<TokenDigest>,
    /// The network that the tries came from.
    pub network: Option<String>,
}

/// The answer to one who wants to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Go ahead.
    Granted(Receipt),
    /// Not before that moment.
    Locked {
        /// When the lock ends.
        until: OffsetDateTime,
    },
}

/// What it takes to put a try back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// What the try took out of the bucket, in milliseconds of refilling.
    pub cost: i64,
    /// The end of the lock that it began, in milliseconds since 1970; 0 if it began none.
    pub lock: i64,
}

/// How empty a bucket is. All moments are milliseconds since 1970. The script of
/// `RedisThrottle` does the same; one suite holds both.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Level {
    pub(super) full_at: i64,
    pub(super) locks: u32,
    pub(super) locked_until: i64,
}

impl Level {
    pub(super) fn take(&mut self, budget: &Budget, now: i64) -> Taken {
        if self.locked_until > now {
            return Taken::Locked {
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
        Taken::Granted(Receipt {
            cost: self.full_at - before,
            lock,
        })
    }

    pub(super) fn give_back(&mut self, receipt: Receipt) {
        self.full_at -= receipt.cost;
        if receipt.lock != 0 && self.locked_until == receipt.lock {
            self.locked_until = 0;
            self.locks = self.locks.saturating_sub(1);
        }
    }

    /// Whether there is anything to remember.
    pub(super) fn is_strained(&self, now: i64) -> bool {
        self.full_at > now || self.locked_until > now
    }
}

impl Budget {
    /// The lock after so many of them, the first being 1.
    fn lock(&self, number: u32) -> Duration {
        let factor = 1_u32.checked_shl(number - 1).unwrap_or(u32::MAX);
        self.first_lock
            .saturating_mul(factor)
            .min(self.longest_lock)
    }

    /// The time to refill one try, and all of them.
    pub fn in_milliseconds(&self) -> (i64, i64) {
        let refill = whole_milliseconds(self.refill);
        (refill, refill.saturating_mul(i64::from(self.tries)))
    }
}

/// Returns a span in milliseconds, rounded down.
pub fn whole_milliseconds(span: Duration) -> i64 {
    /// A hundred years: no sum of such overflows.
    const LONGEST: i64 = 3_155_760_000_000;
    i64::try_from(span.as_millis()).map_or(LONGEST, |span| span.min(LONGEST))
}

/// The moment, unless it has passed.
pub fn future(moment: i64, now: OffsetDateTime) -> Option<OffsetDateTime> {
    (moment > milliseconds(now)).then(|| from_milliseconds(moment))
}
