//! The lists of counted attempts in Redis.
//!
//! A wrong attempt and the begin of a lock enter their bucket into its lists. A right attempt writes no list, so what it
//! gives back leaves entries that are outdated: reading a page corrects those that it meets, and the others end by
//! themselves.

use std::collections::{BTreeMap, HashMap};

use futures_util::future::try_join_all;
use isogloss_core::backend::milliseconds;
use isogloss_core::throttle::{
    Bucket, BucketCursor, BucketList, BucketPage, BucketQuery, ListPart, OutdatedEntry, PageReader,
    Permit, ThrottledBucket,
};
use isogloss_core::{StoreError, TokenDigest};
use redis::pipe;
use time::OffsetDateTime;
use tracing::warn;

use super::RedisThrottle;

/// The maximum number of entries of a list. Beyond that, those that end first are removed.
const LISTED_AT_MOST: usize = 100_000;

/// An entry of a list that is read.
struct Entry {
    place: BucketCursor,
    list: BucketList,
}

impl RedisThrottle {
    /// Enters charged buckets into their lists. Fails if Redis fails; some lists may lack them.
    pub(super) async fn enter(
        &self,
        charged: &[(Bucket, Permit)],
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let mut sets: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (bucket, permit) in charged {
            let locked = (permit.lock != 0).then_some((ListPart::Locked, permit.lock));
            let parts = [Some((ListPart::Unlocked, permit.full_at)), locked];
            for (part, moment) in parts.into_iter().flatten() {
                for list in bucket.lists() {
                    let set = sets.entry((part, list)).or_default();
                    set.push((moment, bucket.key));
                }
            }
        }
        let entering = sets.into_iter().map(async |((part, list), entries)| {
            let mut enter = self.scripts.enter.key(self.key_of(part, list));
            enter.arg(milliseconds(now)).arg(LISTED_AT_MOST);
            for (moment, bucket) in &entries {
                enter.arg(*moment).arg(bucket.as_bytes());
            }
            self.client.run_script::<()>(&enter).await
        });
        try_join_all(entering).await?;
        Ok(())
    }

    /// Returns the page that `query` selects. Fails if Redis cannot be queried.
    pub(super) async fn page(
        &self,
        query: &BucketQuery,
        now: OffsetDateTime,
    ) -> Result<BucketPage, StoreError> {
        let mut reader = PageReader::new(query, now);
        while let Some((after, count)) = reader.wanted() {
            let entries = self.entries(&query.lists, (after, count), now).await?;
            let keys: Vec<_> = entries.iter().map(|entry| entry.place.key).collect();
            let found = self.buckets(&keys, now).await?;
            let found = found.into_iter().map(|one| (one.bucket.key, one));
            let mut found: HashMap<TokenDigest, ThrottledBucket> = found.collect();
            let read = entries
                .iter()
                .map(|entry| (entry.place, found.remove(&entry.place.key)));
            let outdated = reader.add(read.collect(), count);
            if let Err(error) = self.correct(&entries, &outdated).await {
                // What was read is right all the same.
                warn!(%error, "outdated entries of lists of counted attempts were not corrected");
            }
        }
        Ok(reader.finish())
    }

    /// Returns up to `count` entries of lists, merged, after a place in its part. Fails if Redis cannot be queried.
    async fn entries(
        &self,
        lists: &[BucketList],
        (after, count): (BucketCursor, usize),
        now: OffsetDateTime,
    ) -> Result<Vec<Entry>, StoreError> {
        // The range begins with entries of the same moment, of which some come before the place.
        let mut read_count = count.saturating_add(1);
        loop {
            let read = self.ranges(lists, (after, read_count), now).await?;
            let mut entries = Vec::new();
            let mut is_complete = true;
            for (list, range) in lists.iter().zip(&read) {
                let places = range.iter().filter_map(|(key, moment)| {
                    let key = <[u8; 16]>::try_from(key.as_slice()).ok()?;
                    Some(BucketCursor {
                        part: after.part,
                        moment: *moment,
                        key: key.into(),
                    })
                });
                let before = entries.len();
                let further = places.filter(|place| place.order() > after.order());
                entries.extend(further.map(|place| Entry { place, list: *list }));
                is_complete &= range.len() < read_count || entries.len() - before >= count;
            }
            if is_complete {
                entries.sort_by_key(|entry| entry.place.order());
                entries.truncate(count);
                return Ok(entries);
            }
            read_count = read_count.saturating_mul(2);
        }
    }

    /// Returns the first entries of each list whose moment is not after that of a place. Fails if Redis cannot be queried.
    async fn ranges(
        &self,
        lists: &[BucketList],
        (from, count): (BucketCursor, usize),
        now: OffsetDateTime,
    ) -> Result<Vec<Vec<(Vec<u8>, i64)>>, StoreError> {
        if lists.is_empty() {
            return Ok(Vec::new());
        }
        let mut ranges = pipe();
        for list in lists {
            ranges
                .cmd("ZRANGE")
                .arg(self.key_of(from.part, *list))
                .arg(from.moment)
                .arg(format!("({}", milliseconds(now)))
                .arg("BYSCORE")
                .arg("REV")
                .arg("LIMIT")
                .arg(0)
                .arg(count)
                .arg("WITHSCORES");
        }
        self.client.run_pipeline(&ranges).await
    }

    /// Corrects entries that are outdated. Fails if Redis fails; some may have been corrected.
    async fn correct(
        &self,
        entries: &[Entry],
        outdated: &[OutdatedEntry],
    ) -> Result<(), StoreError> {
        let lists = entries.iter().map(|entry| (entry.place, entry.list));
        let lists: HashMap<_, _> = lists.collect();
        let mut sets: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for entry in outdated {
            if let Some(list) = lists.get(&entry.place) {
                let set = sets.entry((entry.place.part, *list)).or_default();
                set.push(entry);
            }
        }
        let correcting = sets.into_iter().map(async |((part, list), entries)| {
            let mut correct = self.scripts.correct.key(self.key_of(part, list));
            for entry in entries {
                let moment = entry.moment.map(|moment| moment.to_string());
                correct
                    .arg(entry.place.key.as_bytes())
                    .arg(entry.place.moment)
                    .arg(moment.unwrap_or_default());
            }
            self.client.run_script::<()>(&correct).await
        });
        try_join_all(correcting).await?;
        Ok(())
    }

    /// Removes buckets and their entries, and returns how many buckets there were. Fails if Redis fails; some may have been
    /// removed.
    pub(super) async fn remove_all(&self, buckets: &[Bucket]) -> Result<u64, StoreError> {
        if buckets.is_empty() {
            return Ok(0);
        }
        let mut removal = pipe();
        let mut lists: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for bucket in buckets {
            removal
                .cmd("DEL")
                .arg(self.client.keys().bucket(bucket.key));
            for list in bucket.lists() {
                let entries = lists.entry(list).or_default();
                entries.push(bucket.key.as_bytes());
            }
        }
        for (list, entries) in &lists {
            for part in [ListPart::Locked, ListPart::Unlocked] {
                removal
                    .cmd("ZREM")
                    .arg(self.key_of(part, *list))
                    .arg(entries);
            }
        }
        let removed: Vec<u64> = self.client.run_pipeline(&removal).await?;
        Ok(removed.iter().take(buckets.len()).sum())
    }

    fn key_of(&self, part: ListPart, list: BucketList) -> Vec<u8> {
        self.client.keys().bucket_list(part, list)
    }
}
