//! Tokens that clients present after their end: a sign of a lifetime shorter than clients expect.

use crate::client_identity::Expired;

/// How many expired tokens were presented, how often, and at which age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExpiredUse {
    /// Tokens that were presented after their end. A token is counted again at each gateway.
    pub tokens: u64,
    /// Calls that were refused because their token had expired, at most one a minute for each token.
    pub calls: u64,
    /// The least age of a token that was presented after its end, in seconds since it was issued.
    pub youngest: Option<u64>,
    /// The greatest age of a token that was presented after its end, in seconds since it was issued.
    pub oldest: Option<u64>,
}

impl ExpiredUse {
    /// Adds one call that presented an expired token.
    pub(crate) fn record(&mut self, expired: &Expired) {
        let age = Some(expired.age.as_secs());
        self.add(&Self {
            tokens: u64::from(expired.first),
            calls: 1,
            youngest: age,
            oldest: age,
        });
    }

    /// Adds the counts of `other` to these counts. The ages become the least and the greatest one of both.
    pub(crate) fn add(&mut self, other: &Self) {
        self.tokens = self.tokens.saturating_add(other.tokens);
        self.calls = self.calls.saturating_add(other.calls);
        self.oldest = self.oldest.max(other.oldest);
        self.youngest = match (self.youngest, other.youngest) {
            (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
            (ours, theirs) => ours.or(theirs),
        };
    }
}
