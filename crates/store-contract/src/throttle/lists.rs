//! The contract of the lists of counted attempts: order, pages, and what is no longer in them.

mod crowds;

pub use self::crowds::many_locks_do_not_hide_what_is_not_locked;

use std::time::Duration;

use isogloss_core::throttle::{
    Bucket, BucketCursor, BucketKind, BucketList, BucketPage, BucketQuery, Budget, ChargeOutcome,
    ListPart, Permit, Throttle, ThrottledBucket,
};
use isogloss_core::{Clock as _, SystemClock, TokenDigest};
use time::OffsetDateTime;

use super::{MILLISECOND, MINUTE, SECOND};

/// Returns a page of lists: what follows a place, up to a limit.
///
/// # Panics
/// If the throttle fails.
pub async fn page(
    throttle: &dyn Throttle,
    lists: &[BucketList],
    (after, limit): (BucketCursor, usize),
    now: OffsetDateTime,
) -> BucketPage {
    let query = BucketQuery {
        lists: lists.to_vec(),
        after,
        limit,
    };
    throttle.list(&query, now).await.unwrap()
}

/// Returns all buckets in lists, read in pages of at most `limit`.
///
/// # Panics
/// If the throttle fails or a page is too long.
pub async fn listed(
    throttle: &dyn Throttle,
    lists: &[BucketList],
    limit: usize,
    now: OffsetDateTime,
) -> Vec<ThrottledBucket> {
    let mut found = Vec::new();
    let mut after = Some(BucketCursor::before(ListPart::Locked));
    while let Some(place) = after {
        let page = page(throttle, lists, (place, limit), now).await;
        assert!(page.buckets.len() <= limit, "{page:?}");
        found.extend(page.buckets.into_iter().map(|one| one.bucket));
        after = page.next;
    }
    found
}

/// Returns a budget of that many tries and the duration of the first lock.
fn budget(tries: u32, lock: Duration) -> Budget {
    Budget {
        tries,
        refill: MINUTE,
        first_lock: lock,
        longest_lock: lock * 4,
    }
}

fn digest(number: u32) -> TokenDigest {
    u128::from(number).to_be_bytes().into()
}

/// Returns a bucket of that account and network.
fn bucket(number: u32, (account, network): (u32, u32)) -> Bucket {
    Bucket {
        key: digest(number),
        kind: BucketKind::Account,
        account: Some(digest(account)),
        network: Some(format!("192.0.{network}.0/24")),
        network_digest: Some(digest(network)),
    }
}

/// A throttle without buckets, at the start of a test.
struct Lists<'t> {
    throttle: &'t dyn Throttle,
    start: OffsetDateTime,
}

impl<'t> Lists<'t> {
    async fn empty(throttle: &'t dyn Throttle) -> Self {
        let start = SystemClock.now();
        throttle.clear(start).await.unwrap();
        Self { throttle, start }
    }

    /// Takes an attempt without reporting its outcome.
    async fn charge(&self, bucket: &Bucket, budget: &Budget, after: Duration) -> Permit {
        let now = self.start + after;
        match self.throttle.charge(bucket, budget, now).await.unwrap() {
            ChargeOutcome::Granted(permit) => permit,
            ChargeOutcome::Locked { until } => panic!("locked until {until}"),
        }
    }

    /// Makes a wrong attempt.
    async fn wrong(&self, bucket: &Bucket, budget: &Budget, after: Duration) {
        let permit = self.charge(bucket, budget, after).await;
        let charged = [(bucket.clone(), permit)];
        let now = self.start + after;
        self.throttle.record_wrong(&charged, now).await.unwrap();
    }

    /// Returns the numbers of the buckets in lists, read in pages of each of several lengths, which must agree.
    async fn numbers(&self, lists: &[BucketList], after: Duration) -> Vec<u128> {
        let now = self.start + after;
        let mut all = Vec::new();
        for limit in [1000, 1, 2, 3] {
            let found = listed(self.throttle, lists, limit, now).await;
            let keys = found.iter().map(|one| *one.bucket.key.as_bytes());
            all.push(keys.map(u128::from_be_bytes).collect::<Vec<_>>());
        }
        assert!(all.iter().all(|numbers| *numbers == all[0]), "{all:?}");
        all.swap_remove(0)
    }
}

const ALL: &[BucketList] = &[BucketList::All];

async fn locks_come_first_and_then_what_is_full_last(throttle: &dyn Throttle) {
    let l = Lists::empty(throttle).await;
    let three = budget(3, SECOND);
    l.wrong(&bucket(1, (1, 1)), &three, SECOND).await;
    l.wrong(&bucket(2, (1, 1)), &three, Duration::ZERO).await;
    for _ in 0..2 {
        l.wrong(&bucket(3, (1, 1)), &three, Duration::ZERO).await;
    }
    let (brief, long) = (budget(1, MINUTE), budget(1, MINUTE * 2));
    l.wrong(&bucket(4, (1, 1)), &brief, Duration::ZERO).await;
    l.wrong(&bucket(5, (1, 1)), &long, Duration::ZERO).await;
    assert_eq!(l.numbers(ALL, SECOND).await, [5, 4, 3, 1, 2]);
    // Locks that are over make a bucket one of the others.
    assert_eq!(l.numbers(ALL, MINUTE).await, [5, 4, 3, 1]);
    assert_eq!(l.numbers(ALL, MINUTE * 2).await, [5]);
    assert_eq!(l.numbers(ALL, MINUTE * 3).await, [0; 0]);
}

async fn a_list_has_the_buckets_of_its_accounts_or_networks(throttle: &dyn Throttle) {
    let l = Lists::empty(throttle).await;
    let one = budget(1, MINUTE);
    for (number, of) in [(1, (1, 1)), (2, (2, 1)), (3, (3, 2)), (4, (1, 2))] {
        let after = MILLISECOND * number;
        l.wrong(&bucket(number, of), &one, after).await;
    }
    let account = |number| BucketList::Account(digest(number));
    let network = |number| BucketList::Network(digest(number));
    for (lists, numbers) in [
        (&[account(1)][..], &[4, 1][..]),
        (&[account(1), account(3), account(9)], &[4, 3, 1]),
        (&[network(1)], &[2, 1]),
        (&[network(2), network(1)], &[4, 3, 2, 1]),
        (&[network(9)], &[]),
        (&[], &[]),
    ] {
        assert_eq!(l.numbers(lists, SECOND).await, numbers, "{lists:?}");
    }
    let keys = [digest(9), digest(3)];
    let found = throttle.find(&keys, l.start).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].bucket, bucket(3, (3, 2)));
    let later = l.start + MINUTE * 3;
    assert_eq!(throttle.find(&keys, later).await.unwrap(), []);
}

async fn what_a_right_attempt_gives_back_is_not_listed(throttle: &dyn Throttle) {
    let l = Lists::empty(throttle).await;
    let three = budget(3, MINUTE);
    let (reset, refunded, between) = (bucket(1, (1, 1)), bucket(2, (2, 1)), bucket(3, (3, 1)));
    for _ in 0..2 {
        l.wrong(&reset, &three, Duration::ZERO).await;
        l.wrong(&refunded, &three, Duration::ZERO).await;
    }
    l.wrong(&between, &three, SECOND).await;
    assert_eq!(l.numbers(ALL, SECOND).await, [2, 1, 3]);
    // The third attempt begins a lock, and is right.
    for bucket in [&reset, &refunded] {
        let permit = l.charge(bucket, &three, SECOND).await;
        assert_ne!(permit.lock, 0);
        if bucket.key == reset.key {
            assert!(throttle.reset(bucket.key).await.unwrap());
        } else {
            let now = l.start + SECOND;
            throttle.refund(bucket.key, permit, now).await.unwrap();
        }
    }
    assert_eq!(l.numbers(ALL, SECOND).await, [2, 3]);
    // A wrong attempt enters it at its new place.
    l.wrong(&reset, &three, Duration::ZERO).await;
    assert_eq!(l.numbers(ALL, SECOND).await, [2, 3, 1]);
    let locked = page(
        throttle,
        ALL,
        (BucketCursor::before(ListPart::Locked), 1),
        l.start + SECOND,
    );
    let first = &locked.await.buckets[0];
    assert_eq!(first.place.part, ListPart::Unlocked);
    assert_eq!(first.bucket.full_at, l.start + MINUTE * 2);
}

async fn a_bucket_that_is_locked_again_is_listed_once(throttle: &dyn Throttle) {
    let l = Lists::empty(throttle).await;
    let one = budget(1, SECOND);
    let again = bucket(1, (1, 1));
    l.wrong(&again, &one, Duration::ZERO).await;
    l.wrong(&bucket(2, (2, 1)), &one, MILLISECOND).await;
    assert_eq!(l.numbers(ALL, MILLISECOND).await, [2, 1]);
    l.wrong(&again, &one, SECOND).await;
    assert_eq!(l.numbers(ALL, SECOND).await, [1, 2]);
    let found = listed(throttle, ALL, 9, l.start + SECOND).await;
    assert_eq!(found[0].locked_until, Some(l.start + SECOND * 3));
    assert_eq!(found[0].locks, 2);
}

async fn a_page_begins_after_an_entry_that_vanished(throttle: &dyn Throttle) {
    let l = Lists::empty(throttle).await;
    let three = budget(3, SECOND);
    for number in 1..=4 {
        let after = MILLISECOND * (10 - number);
        l.wrong(&bucket(number, (1, 1)), &three, after).await;
    }
    let now = l.start + SECOND;
    let start = BucketCursor::before(ListPart::Locked);
    let first = page(throttle, ALL, (start, 2), now).await;
    let last = &first.buckets[1].bucket.bucket;
    assert_eq!(last.key, digest(2));
    assert_eq!(
        throttle.remove(std::slice::from_ref(last)).await.unwrap(),
        1
    );
    let next = page(throttle, ALL, (first.next.unwrap(), 2), now).await;
    let keys: Vec<_> = next
        .buckets
        .iter()
        .map(|one| one.bucket.bucket.key)
        .collect();
    assert_eq!(keys, [digest(3), digest(4)]);
    assert_eq!(next.next, None);
}

async fn removed_buckets_are_in_no_list(throttle: &dyn Throttle) {
    let l = Lists::empty(throttle).await;
    let three = budget(3, SECOND);
    let buckets: Vec<_> = (1..=3).map(|number| bucket(number, (number, 1))).collect();
    for bucket in &buckets {
        l.wrong(bucket, &three, Duration::ZERO).await;
    }
    assert_eq!(throttle.remove(&buckets[..2]).await.unwrap(), 2);
    assert_eq!(throttle.remove(&buckets[..2]).await.unwrap(), 0);
    assert_eq!(throttle.remove(&[]).await.unwrap(), 0);
    assert_eq!(l.numbers(ALL, Duration::ZERO).await, [3]);
    // The outcome of this attempt is never reported.
    l.charge(&buckets[0], &three, Duration::ZERO).await;
    assert_eq!(throttle.clear(l.start).await.unwrap(), 2);
    assert_eq!(throttle.clear(l.start).await.unwrap(), 0);
    assert_eq!(l.numbers(ALL, Duration::ZERO).await, [0; 0]);
    assert!(!throttle.reset(buckets[0].key).await.unwrap());
}

/// Runs all tests.
pub(super) async fn fulfil(throttle: &dyn Throttle) {
    locks_come_first_and_then_what_is_full_last(throttle).await;
    a_list_has_the_buckets_of_its_accounts_or_networks(throttle).await;
    what_a_right_attempt_gives_back_is_not_listed(throttle).await;
    a_bucket_that_is_locked_again_is_listed_once(throttle).await;
    a_page_begins_after_an_entry_that_vanished(throttle).await;
    removed_buckets_are_in_no_list(throttle).await;
    crowds::buckets_of_one_moment_are_on_one_page_each(throttle).await;
}
