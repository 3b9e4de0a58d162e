//! Limits on the number of tokens of a user, and which tokens end beyond them.

use std::cmp::Reverse;
use std::collections::HashMap;

use time::OffsetDateTime;

use super::Record;
use crate::purpose::Purpose;
use crate::token_digest::TokenDigest;

/// Limits on live tokens. Sessions, tokens that log in again, one-time tokens and tokens in e-mails are counted
/// separately.
#[derive(Debug, Clone, Copy)]
pub struct SessionLimits {
    /// The maximum of one user.
    pub per_user: usize,
    /// The maximum of one user at one client of one dialect, and of tokens that derive from one login. Tokens
    /// without a client are counted by their login only.
    pub per_client: usize,
    /// The maximum of one-time tokens of one user.
    pub one_time_per_user: usize,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            per_user: 1000,
            per_client: 100,
            one_time_per_user: 100,
        }
    }
}

/// A kind of tokens that are counted together: tokens of one kind never end those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TokenKind {
    /// Tokens that authenticate the user.
    Session,
    /// Tokens that log the user in again.
    Remember,
    /// Tokens that were issued to a session, for one use.
    OneTime,
    /// Tokens that were sent in an e-mail, for one use.
    Email,
}

impl TokenKind {
    fn of(record: &Record) -> Self {
        match (record.purpose, record.parent) {
            (Purpose::Access | Purpose::Impersonation, _) => Self::Session,
            (Purpose::Remember, _) => Self::Remember,
            (Purpose::Handover | Purpose::Reset, Some(_)) => Self::OneTime,
            (Purpose::Handover | Purpose::Reset, None) => Self::Email,
        }
    }
}

/// The tokens that must be removed after another one was added.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Excess {
    /// Tokens that are not live any more.
    pub expired: Vec<TokenDigest>,
    /// The least recently used of the live ones.
    pub evicted: Vec<TokenDigest>,
}

impl SessionLimits {
    /// Returns the smallest of the limits that apply once `newest` is added, including the maximum that its own
    /// record sets.
    pub fn least(&self, newest: &Record) -> usize {
        let caps = [self.per_user, self.per_client, self.one_time_per_user];
        let own = newest.at_most.and_then(|most| usize::try_from(most).ok());
        caps.into_iter().chain(own).fold(usize::MAX, usize::min)
    }

    /// Returns which tokens of a user must be removed after `newest` was added. `tokens` must be all tokens of
    /// the user. `newest` is never among the evicted ones.
    pub fn excess(
        &self,
        tokens: Vec<(TokenDigest, Record)>,
        newest: TokenDigest,
        now: OffsetDateTime,
    ) -> Excess {
        let (mut held, dead): (Vec<_>, Vec<_>) = tokens
            .into_iter()
            .partition(|(_, record)| record.is_live(now));
        // The newest token counts as used last, whatever the clock of its issuer says.
        held.sort_by_key(|(digest, record)| (*digest == newest, record.used_at, *digest));
        Excess {
            expired: dead.into_iter().map(|(digest, _)| digest).collect(),
            evicted: self.evicted(&held, newest),
        }
    }

    /// Returns which live tokens must be removed, without `newest`. `held` must start with the least recently
    /// used one.
    fn evicted(&self, held: &[(TokenDigest, Record)], newest: TokenDigest) -> Vec<TokenDigest> {
        // The newest token may have been ended concurrently.
        let Some((digest, newest)) = held.iter().find(|(digest, _)| *digest == newest) else {
            return Vec::new();
        };
        let kind = TokenKind::of(newest);
        let counted = held
            .iter()
            .filter(|(_, record)| TokenKind::of(record) == kind);
        let mut counted_tokens = CountedTokens {
            held: counted.map(|(digest, record)| (*digest, record)).collect(),
            evicted: Vec::new(),
        };
        let at_client = |record: &Record| {
            newest.client.is_some()
                && (&record.realm, &record.client) == (&newest.realm, &newest.client)
        };
        if let Some(most) = newest.at_most.and_then(|most| usize::try_from(most).ok()) {
            counted_tokens.evict_beyond(most, |_, record| {
                let same = (record.purpose, &record.application);
                record.realm == newest.realm
                    && record.client == newest.client
                    && same == (newest.purpose, &newest.application)
            });
        }
        match kind {
            TokenKind::Session => {
                let login = newest.root(*digest);
                counted_tokens.evict_beyond(self.per_client, |_, record| at_client(record));
                counted_tokens.evict_beyond(self.per_client, |digest, record| {
                    record.root(digest) == login
                });
                counted_tokens.evict_from_largest_group(self.per_user, |_, record| {
                    (record.realm.as_str(), None)
                });
            }
            TokenKind::Remember => {
                counted_tokens.evict_beyond(self.per_client, |_, record| at_client(record));
                counted_tokens.evict_from_largest_group(self.per_user, |_, record| {
                    (record.realm.as_str(), None)
                });
            }
            TokenKind::OneTime | TokenKind::Email => {
                counted_tokens
                    .evict_from_largest_group(self.one_time_per_user, |digest, record| {
                        (record.realm.as_str(), Some(record.root(digest)))
                    });
            }
        }
        // A limit below one would end the newest token, too.
        counted_tokens.evicted.retain(|evicted| evicted != digest);
        counted_tokens.evicted
    }
}

/// Live tokens of one kind, the least recently used first and the newest last, and those of them that must be
/// removed.
struct CountedTokens<'t> {
    held: Vec<(TokenDigest, &'t Record)>,
    evicted: Vec<TokenDigest>,
}

/// The group in which a token is counted: a dialect, or a login in a dialect.
type Group<'t> = (&'t str, Option<TokenDigest>);

impl<'t> CountedTokens<'t> {
    /// Moves the least recently used tokens for which `is_counted` returns `true` from `held` to `evicted`, until
    /// at most `most` of these tokens are left.
    fn evict_beyond(&mut self, most: usize, is_counted: impl Fn(TokenDigest, &Record) -> bool) {
        let counts = |(digest, record): &(TokenDigest, &Record)| is_counted(*digest, record);
        let mut more = self.held.iter().filter(|one| counts(one)).count();
        more = more.saturating_sub(most);
        let evicted = &mut self.evicted;
        self.held.retain(|one| {
            if more == 0 || !counts(one) {
                return true;
            }
            more -= 1;
            evicted.push(one.0);
            false
        });
    }

    /// Moves tokens from `held` to `evicted` until at most `most` are left. Each token that is moved is the least
    /// recently used one of the group that is then the largest: a crowded group does not displace the tokens of
    /// another.
    fn evict_from_largest_group(
        &mut self,
        most: usize,
        group: impl Fn(TokenDigest, &'t Record) -> Group<'t>,
    ) {
        while self.held.len() > most {
            let mut sizes = HashMap::new();
            for (digest, record) in &self.held {
                *sizes.entry(group(*digest, record)).or_insert(0_usize) += 1;
            }
            let places = self.held.iter().enumerate();
            let crowded = places.max_by_key(|(place, (digest, record))| {
                let size = sizes.get(&group(*digest, record)).copied();
                (size, Reverse(*place))
            });
            let Some((place, _)) = crowded else {
                return;
            };
            self.evicted.push(self.held.remove(place).0);
        }
    }
}
