//! How many tokens a user may hold, and which end when there are more.

use std::cmp::Reverse;
use std::collections::HashMap;

use time::OffsetDateTime;

use super::Record;
use crate::purpose::Purpose;
use crate::token_digest::TokenDigest;

/// How many live tokens there may be. Sessions, tokens that log in again, one-time tokens and letters are
/// counted apart.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    /// Of one user.
    pub per_user: usize,
    /// Of one user at one client of one dialect, and of those that come from one login. Tokens without
    /// a client are counted by their login alone.
    pub per_client: usize,
    /// One-time tokens of one user.
    pub one_time_per_user: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            per_user: 1000,
            per_client: 100,
            one_time_per_user: 100,
        }
    }
}

/// What is counted together: no number of tokens of one kind ends one of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Speaks for the user.
    Session,
    /// Logs the user in again.
    Remember,
    /// Was handed out to a session, to be used once.
    OneTime,
    /// Was sent in a letter, to be used once.
    Letter,
}

impl Kind {
    fn of(record: &Record) -> Self {
        match (record.purpose, record.parent) {
            (Purpose::Access | Purpose::Impersonation, _) => Self::Session,
            (Purpose::Remember, _) => Self::Remember,
            (Purpose::Handover | Purpose::Reset, Some(_)) => Self::OneTime,
            (Purpose::Handover | Purpose::Reset, None) => Self::Letter,
        }
    }
}

/// What has to go when a token has come.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Surplus {
    /// Dead in any case.
    pub expired: Vec<TokenDigest>,
    /// The least recently used of the live ones.
    pub evicted: Vec<TokenDigest>,
}

impl Caps {
    /// Returns the fewest tokens of a user that may be too many, now that this one has come.
    pub fn least(&self, newest: &Record) -> usize {
        let caps = [self.per_user, self.per_client, self.one_time_per_user];
        let own = newest.at_most.and_then(|most| usize::try_from(most).ok());
        caps.into_iter().chain(own).fold(usize::MAX, usize::min)
    }

    /// Returns what has to go among all tokens of a user, now that `newest` is one of them.
    pub fn surplus(
        &self,
        tokens: Vec<(TokenDigest, Record)>,
        newest: TokenDigest,
        now: OffsetDateTime,
    ) -> Surplus {
        let (mut held, dead): (Vec<_>, Vec<_>) = tokens
            .into_iter()
            .partition(|(_, record)| record.is_live(now));
        // The newest has come last, whatever the clock says that it was issued by.
        held.sort_by_key(|(digest, record)| (*digest == newest, record.used_at, *digest));
        Surplus {
            expired: dead.into_iter().map(|(digest, _)| digest).collect(),
            evicted: self.evicted(&held, newest),
        }
    }

    /// Returns what has to go among live tokens, the least recently used of which comes first.
    fn evicted(&self, held: &[(TokenDigest, Record)], newest: TokenDigest) -> Vec<TokenDigest> {
        // It may have been ended meanwhile.
        let Some((digest, newest)) = held.iter().find(|(digest, _)| *digest == newest) else {
            return Vec::new();
        };
        let kind = Kind::of(newest);
        let counted = held.iter().filter(|(_, record)| Kind::of(record) == kind);
        let mut rivals = Rivals {
            held: counted.map(|(digest, record)| (*digest, record)).collect(),
            evicted: Vec::new(),
        };
        let at_client = |record: &Record| {
            newest.client.is_some()
                && (&record.realm, &record.client) == (&newest.realm, &newest.client)
        };
        if let Some(most) = newest.at_most.and_then(|most| usize::try_from(most).ok()) {
            rivals.keep(most, |_, record| {
                let same = (record.purpose, &record.application);
                record.realm == newest.realm
                    && record.client == newest.client
                    && same == (newest.purpose, &newest.application)
            });
        }
        match kind {
            Kind::Session => {
                let login = newest.root(*digest);
                rivals.keep(self.per_client, |_, record| at_client(record));
                rivals.keep(self.per_client, |digest, record| {
                    record.root(digest) == login
                });
                rivals.level(self.per_user, |_, record| (record.realm.as_str(), None));
            }
            Kind::Remember => {
                rivals.keep(self.per_client, |_, record| at_client(record));
                rivals.level(self.per_user, |_, record| (record.realm.as_str(), None));
            }
            Kind::OneTime | Kind::Letter => {
                rivals.level(self.one_time_per_user, |digest, record| {
                    (record.realm.as_str(), Some(record.root(digest)))
                });
            }
        }
        // A cap below one would end it, too.
        rivals.evicted.retain(|evicted| evicted != digest);
        rivals.evicted
    }
}

/// Live tokens of one kind, the least recently used first and the newest last, and those of them that have to go.
struct Rivals<'t> {
    held: Vec<(TokenDigest, &'t Record)>,
    evicted: Vec<TokenDigest>,
}

/// What tokens are held for: a dialect, or there a login.
type Group<'t> = (&'t str, Option<TokenDigest>);

impl<'t> Rivals<'t> {
    /// Keeps at most so many of those that are meant: the most recently used.
    fn keep(&mut self, most: usize, is_meant: impl Fn(TokenDigest, &Record) -> bool) {
        let meant = |(digest, record): &(TokenDigest, &Record)| is_meant(*digest, record);
        let mut more = self.held.iter().filter(|one| meant(one)).count();
        more = more.saturating_sub(most);
        let evicted = &mut self.evicted;
        self.held.retain(|one| {
            if more == 0 || !meant(one) {
                return true;
            }
            more -= 1;
            evicted.push(one.0);
            false
        });
    }

    /// Keeps at most so many. Those that go are of the largest group: one that is crowded does not
    /// push the tokens of another out.
    fn level(&mut self, most: usize, group: impl Fn(TokenDigest, &'t Record) -> Group<'t>) {
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
