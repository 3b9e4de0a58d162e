//! Pairs of a user and a password that an authority has just refused.

use std::time::Duration;

use quick_cache::sync::Cache;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;

use crate::pepper::Pepper;
use crate::token_digest::TokenDigest;

/// The maximum number of pairs that are remembered.
const REMEMBERED: usize = 65_536;
/// How long a pair is remembered.
const LIFETIME: Duration = Duration::from_mins(5);

/// The pairs that were refused recently, as keyed digests: a client that repeats a wrong password does not use up the
/// attempts that the authority grants the user.
pub(super) struct RefusedPairs(Cache<TokenDigest, Instant>);

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
    pub(super) fn insert(&self, pair: TokenDigest) {
        self.0.insert(pair, Instant::now());
    }

    /// Returns whether the pair was refused recently.
    pub(super) fn contains(&self, pair: &TokenDigest) -> bool {
        let refused_at = self.0.get(pair);
        refused_at.is_some_and(|at| at.elapsed() < LIFETIME)
    }
}
