//! Access tokens that this gateway issued or saw in use recently.
//!
//! They make the end of a token recognisable: stores forget a token once it has expired.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use time::{Duration, OffsetDateTime};

use crate::client_identity::Expired;
use crate::purpose::Purpose;
use crate::store::{Record, Slot};
use crate::token_digest::TokenDigest;

/// The maximum number of remembered tokens. The oldest ones are forgotten first.
const CAPACITY: usize = 10_000;

/// The remembered tokens, by digest.
#[derive(Default)]
pub(super) struct RecentTokens(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    tokens: HashMap<TokenDigest, Issued>,
    order: VecDeque<TokenDigest>,
    /// The latest remembered token in each exclusive slot.
    holders: HashMap<TokenDigest, TokenDigest>,
}

impl Remembered {
    fn add(&mut self, digest: TokenDigest, record: &Arc<Record>) {
        if let Some(slot) = exclusive(record) {
            self.take(slot, digest, record);
        }
        let issued = Issued {
            record: Arc::clone(record),
            presented: None,
        };
        self.tokens.insert(digest, issued);
        self.order.push_back(digest);
    }

    /// Records that the token of `digest` holds a slot. Forgets the token that held the slot before, if that was
    /// still live when the new one was issued: the new one has ended it. Does nothing if the token that holds the
    /// slot was issued later.
    fn take(&mut self, slot: TokenDigest, digest: TokenDigest, record: &Record) {
        let before = self.holders.get(&slot).copied();
        let before = before.and_then(|before| Some((before, self.tokens.get(&before)?)));
        if let Some((
            before,
            Issued {
                record: replaced, ..
            },
        )) = before
        {
            if replaced.issued_at > record.issued_at {
                return;
            }
            if replaced.is_live(record.issued_at) {
                self.remove(before);
            }
        }
        self.holders.insert(slot, digest);
    }

    fn remove(&mut self, digest: TokenDigest) {
        let removed = self.tokens.remove(&digest);
        let slot = removed.and_then(|issued| exclusive(&issued.record));
        if let Some(slot) = slot
            && self.holders.get(&slot) == Some(&digest)
        {
            self.holders.remove(&slot);
        }
    }
}

/// Returns the exclusive slot of a token. `None` if the token has a slot of another kind, or none.
fn exclusive(record: &Record) -> Option<TokenDigest> {
    match record.slot {
        Some(Slot::Exclusive(slot)) => Some(slot),
        Some(Slot::Newest(_)) | None => None,
    }
}

struct Issued {
    record: Arc<Record>,
    /// When the token was last presented after its end.
    presented: Option<OffsetDateTime>,
}

impl RecentTokens {
    /// Remembers an access token, or its new record after a use. Ignores tokens of other purposes.
    pub(super) fn remember(&self, digest: TokenDigest, record: &Arc<Record>) {
        if record.purpose != Purpose::Access {
            return;
        }
        let mut remembered = self.locked();
        if let Some(issued) = remembered.tokens.get_mut(&digest) {
            issued.record = Arc::clone(record);
            return;
        }
        remembered.add(digest, record);
        if remembered.order.len() > CAPACITY
            && let Some(oldest) = remembered.order.pop_front()
        {
            remembered.remove(oldest);
        }
    }

    /// Forgets a token that was ended before it expired: presenting it says nothing about lifetimes.
    pub(super) fn forget(&self, digest: TokenDigest) {
        self.locked().remove(digest);
    }

    /// Returns what is remembered of a token that has expired. `None` if the token is not remembered or has not
    /// expired. Concurrent calls count as one: also `None` within a minute after the token was last reported, or
    /// within a sixtieth of the token's life if that is shorter.
    pub(super) fn find(
        &self,
        digest: TokenDigest,
        now: OffsetDateTime,
    ) -> Option<(Arc<Record>, Expired)> {
        let mut remembered = self.locked();
        let issued = remembered.tokens.get_mut(&digest)?;
        if issued.record.is_live(now) {
            return None;
        }
        let Record {
            issued_at,
            expires_at,
            ..
        } = *issued.record;
        let apart = ((expires_at - issued_at) / 60_i32).min(Duration::MINUTE);
        if issued.presented.is_some_and(|last| now - last < apart) {
            return None;
        }
        let expired = Expired {
            age: (now - issued_at).unsigned_abs(),
            first: issued.presented.replace(now).is_none(),
        };
        Some((Arc::clone(&issued.record), expired))
    }

    /// Locks and returns the remembered tokens. Each statement leaves them consistent, so poisoning is ignored.
    fn locked(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
