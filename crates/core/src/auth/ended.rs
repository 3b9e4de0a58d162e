//! Access tokens that this gateway issued or saw used lately, for their end to be recognised: stores
//! forget a token once it has expired.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use time::{Duration, OffsetDateTime};

use crate::client::Expired;
use crate::session::Purpose;
use crate::store::Record;
use crate::token::TokenDigest;

/// How many are remembered. The oldest ones are forgotten first.
const ROOM: usize = 10_000;

/// Tokens by digest.
#[derive(Default)]
pub(super) struct Ended(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    tokens: HashMap<TokenDigest, Issued>,
    order: VecDeque<TokenDigest>,
}

struct Issued {
    record: Arc<Record>,
    /// When it was presented last after its end.
    presented: Option<OffsetDateTime>,
}

impl Ended {
    /// Remembers a live token, or its new end.
    pub(super) fn remember(&self, digest: TokenDigest, record: &Arc<Record>) {
        if record.purpose != Purpose::Access {
            return;
        }
        let mut remembered = self.locked();
        let Remembered { tokens, order } = &mut *remembered;
        if let Some(issued) = tokens.get_mut(&digest) {
            issued.record = Arc::clone(record);
            return;
        }
        let issued = Issued {
            record: Arc::clone(record),
            presented: None,
        };
        tokens.insert(digest, issued);
        order.push_back(digest);
        if order.len() > ROOM
            && let Some(oldest) = order.pop_front()
        {
            tokens.remove(&oldest);
        }
    }

    /// Forgets a token that was ended before its time: presenting it says nothing of lifetimes.
    pub(super) fn forget(&self, digest: TokenDigest) {
        self.locked().tokens.remove(&digest);
    }

    /// Returns what is remembered of a token that has expired. `None` if it is not remembered or has
    /// not expired, and for calls that were under way together: one a minute is told of, or one in a
    /// sixtieth of the token's life if that is shorter.
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

    /// The content is whole after each statement, so a thread that panicked has broken nothing.
    fn locked(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
