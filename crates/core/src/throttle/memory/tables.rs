//! The tables of [`MemoryThrottle`](super::MemoryThrottle): buckets, their places in lists, and known clients.

use std::collections::{BTreeSet, HashMap};

use time::OffsetDateTime;

use crate::clock::{from_milliseconds, milliseconds};
use crate::throttle::bucket::{BucketState, future};
use crate::throttle::{Bucket, BucketCursor, BucketList, ListPart, ThrottledBucket};
use crate::token_digest::TokenDigest;

/// The number of entries up to which tidying is not worthwhile.
const FEW: usize = 1024;

#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) buckets: HashMap<TokenDigest, (Bucket, BucketState)>,
    /// The places of the buckets in their lists, so that a page is read without all other buckets.
    pub(super) places: BTreeSet<Place>,
    /// The clients of an account, each with the timestamp in milliseconds at which it is forgotten.
    pub(super) clients: HashMap<TokenDigest, Vec<(TokenDigest, i64)>>,
    /// The number of entries at which the tables are tidied next.
    tidy_at: usize,
}

/// A place in a list: the list, its part, the moment in milliseconds since 1970, and the bucket.
type Place = (BucketList, ListPart, i64, TokenDigest);

/// Returns the places of a bucket in its lists.
fn places_of(bucket: &Bucket, state: BucketState) -> impl Iterator<Item = Place> {
    let locked = (state.locked_until > 0).then_some((ListPart::Locked, state.locked_until));
    let parts = [Some((ListPart::Unlocked, state.full_at)), locked];
    let parts = parts.into_iter().flatten();
    parts.flat_map(move |(part, moment)| {
        let lists = bucket.lists();
        lists.map(move |list| (list, part, moment, bucket.key))
    })
}

impl Tables {
    /// Stores a bucket in place of what is stored of it.
    pub(super) fn store(&mut self, bucket: Bucket, state: BucketState) {
        self.remove(bucket.key);
        self.places.extend(places_of(&bucket, state));
        self.buckets.insert(bucket.key, (bucket, state));
    }

    /// Removes a bucket. Returns `true` if there was one.
    pub(super) fn remove(&mut self, bucket: TokenDigest) -> bool {
        let Some((bucket, state)) = self.buckets.remove(&bucket) else {
            return false;
        };
        for place in places_of(&bucket, state) {
            self.places.remove(&place);
        }
        true
    }

    /// Returns a bucket. `None` if it is full or not stored.
    pub(super) fn throttled(
        &self,
        bucket: TokenDigest,
        now: OffsetDateTime,
    ) -> Option<ThrottledBucket> {
        let (bucket, state) = self.buckets.get(&bucket)?;
        state
            .must_be_stored(milliseconds(now))
            .then(|| ThrottledBucket {
                bucket: bucket.clone(),
                locks: state.locks,
                locked_until: future(state.locked_until, now),
                full_at: from_milliseconds(state.full_at),
            })
    }

    /// Returns up to `count` places after `after` in lists, of buckets that are full later than `now`.
    pub(super) fn places_after(
        &self,
        lists: &[BucketList],
        (after, count): (BucketCursor, usize),
        now: i64,
    ) -> Vec<BucketCursor> {
        let part = after.part;
        let mut found: Vec<_> = lists
            .iter()
            .flat_map(|list| {
                let first = (*list, part, now.saturating_add(1), [0; 16].into());
                let end = (*list, part, after.moment, after.key);
                self.places.range(first.min(end)..end).rev().take(count)
            })
            .map(|(_, part, moment, key)| BucketCursor {
                part: *part,
                moment: *moment,
                key: *key,
            })
            .collect();
        found.sort_unstable_by_key(|place| place.order());
        found.truncate(count);
        found
    }

    /// Removes full buckets and clients that have expired, whenever there are twice as many entries as were left
    /// the last time.
    pub(super) fn tidy(&mut self, now: i64) {
        if self.buckets.len() + self.clients.len() < self.tidy_at.max(FEW) {
            return;
        }
        let places = &mut self.places;
        self.buckets.retain(|_, (bucket, state)| {
            if state.must_be_stored(now) {
                return true;
            }
            for place in places_of(bucket, *state) {
                places.remove(&place);
            }
            false
        });
        self.clients.retain(|_, clients| {
            clients.retain(|(_, until)| *until > now);
            !clients.is_empty()
        });
        self.tidy_at = 2 * (self.buckets.len() + self.clients.len());
    }
}
