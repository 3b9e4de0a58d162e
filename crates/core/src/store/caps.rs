//! How many tokens a user may hold, and which end when there are more.

use time::OffsetDateTime;

use super::Record;
use crate::token::TokenDigest;

/// How many live tokens there may be.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    /// Of one user.
    pub per_user: usize,
    /// Of one user at one client of one dialect. Tokens without a client are not counted.
    pub per_client: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            per_user: 1000,
            per_client: 100,
        }
    }
}

/// What has to go when a token has come.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Surplus {
    /// Dead in any case.
    pub(super) expired: Vec<TokenDigest>,
    /// The least recently used of the live ones.
    pub(super) evicted: Vec<TokenDigest>,
}

impl Caps {
    /// The fewest tokens of a user that may be too many.
    pub(super) fn least(&self) -> usize {
        self.per_user.min(self.per_client)
    }

    /// What has to go among all tokens of a user, now that `newest` is one of them.
    pub(super) fn surplus(
        &self,
        mut tokens: Vec<(TokenDigest, Record)>,
        newest: TokenDigest,
        now: OffsetDateTime,
    ) -> Surplus {
        let mut surplus = Surplus::default();
        tokens.retain(|(digest, record)| {
            let live = record.is_live(now);
            if !live {
                surplus.expired.push(*digest);
            }
            live
        });
        // The newest is the last, whatever the clocks of several gateways say.
        tokens.sort_by_key(|(digest, record)| (*digest == newest, record.used_at, *digest));
        let place = |record: &Record| Some((record.realm.clone(), record.client.clone()?));
        let at_client = tokens.last().and_then(|(_, newest)| place(newest));
        if let Some(at_client) = at_client {
            let held = tokens
                .iter()
                .filter(|(_, record)| place(record).as_ref() == Some(&at_client))
                .count();
            let mut more = held.saturating_sub(self.per_client);
            tokens.retain(|(digest, record)| {
                let goes = more > 0 && place(record).as_ref() == Some(&at_client);
                if goes {
                    more -= 1;
                    surplus.evicted.push(*digest);
                }
                !goes
            });
        }
        let more = tokens.len().saturating_sub(self.per_user);
        let rest = tokens.into_iter().take(more).map(|(digest, _)| digest);
        surplus.evicted.extend(rest);
        surplus
    }
}
