//! Lists of counted attempts: which buckets are in a list, in which order, and how a page is read.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::{Bucket, ThrottledBucket};
use crate::clock::milliseconds;
use crate::token_digest::TokenDigest;

/// How many more entries are examined for a page than the page may have. Entries are passed over that are out of date, or
/// that the other part of the list contains.
const SPARE: usize = 1000;

/// The minimum number of entries that are examined in one step, after the first one.
const STEP: usize = 100;

/// A list of buckets that are not full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BucketList {
    /// All buckets.
    All,
    /// The buckets of an account.
    Account(TokenDigest),
    /// The buckets of a network.
    Network(TokenDigest),
}

impl Bucket {
    /// Returns the lists that contain the bucket.
    pub fn lists(&self) -> impl Iterator<Item = BucketList> {
        let account = self.account.map(BucketList::Account);
        let network = self.network_digest.map(BucketList::Network);
        [Some(BucketList::All), account, network]
            .into_iter()
            .flatten()
    }
}

/// The parts of a list, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ListPart {
    /// Locked buckets, the latest end of a lock first.
    Locked,
    /// All others. The one that is full last comes first.
    Unlocked,
}

/// A place in a list. Of two buckets with the same moment, the one with the larger key comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BucketCursor {
    /// The part of the list.
    pub part: ListPart,
    /// When the lock ends, or when the bucket is full. In milliseconds since 1970.
    pub moment: i64,
    /// The key of the bucket.
    pub key: TokenDigest,
}

impl BucketCursor {
    /// Returns the place before all buckets of a part.
    pub fn before(part: ListPart) -> Self {
        Self {
            part,
            moment: i64::MAX,
            key: [u8::MAX; 16].into(),
        }
    }

    /// Returns the order of the place: the smallest one comes first.
    pub fn order(self) -> (ListPart, Reverse<(i64, TokenDigest)>) {
        (self.part, Reverse((self.moment, self.key)))
    }
}

/// Selects a page.
#[derive(Debug, Clone)]
pub struct BucketQuery {
    /// The lists, merged into one. No bucket may be in two of them.
    pub lists: Vec<BucketList>,
    /// The place after which the page begins.
    pub after: BucketCursor,
    /// The maximum number of buckets.
    pub limit: usize,
}

/// A bucket of a page, and its place in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedBucket {
    /// The place.
    pub place: BucketCursor,
    /// The bucket.
    pub bucket: ThrottledBucket,
}

/// A page of a list. It may have fewer buckets than the limit, even none, and still have a next one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BucketPage {
    /// The buckets.
    pub buckets: Vec<ListedBucket>,
    /// The place after which the next page begins. `None` if this is the last one.
    pub next: Option<BucketCursor>,
}

/// An entry of an index whose bucket has changed since the entry was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutdatedEntry {
    /// The place of the entry.
    pub place: BucketCursor,
    /// The earlier moment that the entry must have. `None` if it must be removed.
    pub moment: Option<i64>,
}

/// Reads a page from an index that has an entry for each part of a list in which a bucket may be: each bucket that is not
/// full has an entry in [`ListPart::Unlocked`], and each locked one another in [`ListPart::Locked`]. The moment of an entry
/// may be later than that of the bucket, and an entry may remain without its bucket.
#[derive(Debug)]
pub struct PageReader {
    after: BucketCursor,
    limit: usize,
    now: i64,
    found: Vec<ListedBucket>,
    examined: usize,
    is_at_end: bool,
}

impl PageReader {
    /// Creates a reader of the page that `query` selects, as it is at `now`.
    pub fn new(query: &BucketQuery, now: OffsetDateTime) -> Self {
        Self {
            after: query.after,
            limit: query.limit,
            now: milliseconds(now),
            found: Vec::new(),
            examined: 0,
            is_at_end: false,
        }
    }

    /// Returns the place after which entries must be read next, and their maximum number. `None` if the page is complete.
    pub fn wanted(&self) -> Option<(BucketCursor, usize)> {
        // One more shows whether there is a next page.
        let room = self.limit.saturating_add(1);
        let missing = room.saturating_sub(self.found.len());
        let allowed = room.saturating_add(SPARE).saturating_sub(self.examined);
        let step = if self.examined == 0 {
            missing
        } else {
            missing.max(STEP)
        };
        let count = step.min(allowed);
        (!self.is_at_end && missing > 0 && count > 0).then_some((self.after, count))
    }

    /// Adds the entries after the wanted place, each with its bucket, or `None` if that is full or gone. Fewer than the
    /// wanted number mean that no further ones follow in the part. Returns the entries that are outdated.
    pub fn add(
        &mut self,
        entries: Vec<(BucketCursor, Option<ThrottledBucket>)>,
        wanted: usize,
    ) -> Vec<OutdatedEntry> {
        let is_end_of_part = entries.len() < wanted;
        let entries = entries.into_iter();
        let mut queue: BTreeMap<_, _> = entries.map(|entry| (entry.0.order(), entry)).collect();
        let last = queue.keys().next_back().copied();
        let mut outdated = Vec::new();
        while let Some((_, (place, bucket))) = queue.pop_first() {
            if self.found.len() > self.limit {
                return outdated;
            }
            self.examined += 1;
            self.after = place;
            match (Standing::of(place, bucket.as_ref(), self.now), bucket) {
                (Standing::Here, Some(bucket)) => self.found.push(ListedBucket { place, bucket }),
                (Standing::Here | Standing::InOtherPart, _) => {}
                (Standing::Outdated(moment), bucket) => {
                    outdated.push(OutdatedEntry { place, moment });
                    let moved = moment.map(|moment| BucketCursor { moment, ..place });
                    // Behind the last entry, it is read again with those that follow.
                    let is_among =
                        |moved: &BucketCursor| is_end_of_part || Some(moved.order()) < last;
                    if let Some(moved) = moved.filter(is_among) {
                        queue.insert(moved.order(), (moved, bucket));
                    }
                }
            }
        }
        if is_end_of_part {
            match self.after.part {
                ListPart::Locked => self.after = BucketCursor::before(ListPart::Unlocked),
                ListPart::Unlocked => self.is_at_end = true,
            }
        }
        outdated
    }

    /// Returns the page.
    pub fn finish(mut self) -> BucketPage {
        let has_more = self.found.len() > self.limit;
        self.found.truncate(self.limit);
        let next = if has_more {
            self.found.last().map(|last| last.place)
        } else {
            Some(self.after).filter(|_| !self.is_at_end)
        };
        BucketPage {
            buckets: self.found,
            next,
        }
    }
}

/// Where the bucket of an entry belongs.
enum Standing {
    Here,
    InOtherPart,
    Outdated(Option<i64>),
}

impl Standing {
    fn of(place: BucketCursor, bucket: Option<&ThrottledBucket>, now: i64) -> Self {
        let Some(bucket) = bucket else {
            return Self::Outdated(None);
        };
        let locked_until = bucket.locked_until.map(milliseconds);
        let moment = match place.part {
            ListPart::Locked => locked_until,
            ListPart::Unlocked => Some(milliseconds(bucket.full_at)),
        };
        // A later moment is that of an attempt whose entry is being written.
        match moment.filter(|moment| *moment > now) {
            None => Self::Outdated(None),
            Some(moment) if moment < place.moment => Self::Outdated(Some(moment)),
            Some(_) if place.part == ListPart::Unlocked && locked_until.is_some() => {
                Self::InOtherPart
            }
            Some(_) => Self::Here,
        }
    }
}
