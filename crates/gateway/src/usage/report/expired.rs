//! Expired tokens that a client presented: the client may expect a longer lifetime.

use isogloss_core::usage::ExpiredUse;
use serde::Serialize;
use utoipa::ToSchema;

use super::verdict::number_of;

/// Expired tokens that a client presented: it may expect a longer lifetime.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExpiredTokens {
    /// Number of tokens. A token that several gateways saw counts several times.
    tokens: u64,
    /// Number of calls that were refused for it, at most one a minute for each token. If it is higher than the
    /// number of tokens, the client did not log in at once.
    calls: u64,
    /// The lowest age of such a token when it was presented, in seconds since it was issued.
    youngest_seconds: u64,
    /// The highest age.
    oldest_seconds: u64,
}

impl ExpiredTokens {
    /// Returns what was counted, or `None` if no expired token was presented.
    pub(super) fn new(expired: &ExpiredUse) -> Option<Self> {
        Some(Self {
            tokens: expired.tokens,
            calls: expired.calls,
            youngest_seconds: expired.youngest?,
            oldest_seconds: expired.oldest?,
        })
    }

    /// Returns a hint that tokens expire before the client renews them, or `None` if nothing shows that: a
    /// client that logs in as soon as it is refused presents each expired token once.
    pub(super) fn hint(&self) -> Option<String> {
        (self.calls > self.tokens).then(|| {
            format!(
                "{} with {} that had expired, {} to {} seconds after issue: the client may expect \
                 a longer lifetime",
                number_of(self.calls, "call"),
                number_of(self.tokens, "token"),
                self.youngest_seconds,
                self.oldest_seconds,
            )
        })
    }
}
