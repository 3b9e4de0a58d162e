//! Pairs of a user and a password that an authority has just refused.

use std::time::Duration;

use quick_cache::sync::Cache;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;

use super::{Decision, DisabledReason};
use crate::pepper::Pepper;
use crate::token_digest::TokenDigest;

/// The maximum number of pairs that are remembered.
const REMEMBERED: usize = 65_536;
/// How long a pair is remembered.
const LIFETIME: Duration = Duration::from_mins(5);

/// How an authority refuses a password. Unknown users are remembered like known ones: otherwise a client that repeats a
/// password would learn from the limits which of the two a name is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Refusal {
    UnknownUser,
    Rejected,
    DisabledUnjudged(DisabledReason),
}

/// The pairs that were refused recently, as keyed digests: a client that repeats a wrong password does not use up the
/// attempts that the authority grants the user.
pub(super) struct RefusedPairs(Cache<TokenDigest, (Refusal, Instant)>);

impl Default for RefusedPairs {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

impl RefusedPairs {
    /// Returns the digest of a pair. Two gateways, and two starts of one gateway, need not have the same.
    pub(super) fn pair(
        pepper: &Pepper,
        authority: &str,
        account: TokenDigest,
        password: &SecretString,
    ) -> TokenDigest {
        pepper.digest_of(&[
            b"refused by an authority",
            authority.as_bytes(),
            account.as_bytes(),
            password.expose_secret().as_bytes(),
        ])
    }

    /// Remembers that the authority refused the pair.
    pub(super) fn insert(&self, pair: TokenDigest, refusal: Refusal) {
        self.0.insert(pair, (refusal, Instant::now()));
    }

    /// Returns how the pair was refused recently; `None` if it was not.
    pub(super) fn get(&self, pair: &TokenDigest) -> Option<Refusal> {
        let (refusal, at) = self.0.get(pair)?;
        (at.elapsed() < LIFETIME).then_some(refusal)
    }
}

impl Refusal {
    /// Returns the refusal that a decision is; `None` for all decisions that need not be the same the next time.
    pub(super) fn of(decision: &Decision) -> Option<Self> {
        match decision {
            Decision::UnknownUser => Some(Self::UnknownUser),
            Decision::Rejected => Some(Self::Rejected),
            Decision::DisabledUnjudged(reason) => Some(Self::DisabledUnjudged(*reason)),
            Decision::Accepted(_)
            | Decision::Disabled(_)
            | Decision::SecondFactorRequired
            | Decision::Throttled { .. }
            | Decision::Unavailable(_) => None,
        }
    }
}

impl From<Refusal> for Decision {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::UnknownUser => Self::UnknownUser,
            Refusal::Rejected => Self::Rejected,
            Refusal::DisabledUnjudged(reason) => Self::DisabledUnjudged(reason),
        }
    }
}
