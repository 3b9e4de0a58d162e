//! The contract of login throttles: tests for every implementation. They pass timestamps and never sleep.

pub mod lists;

use std::time::Duration;

use futures_util::future::join_all;
use isogloss_core::throttle::{
    Bucket, BucketKind, BucketList, Budget, ChargeOutcome, Permit, Throttle,
};
use isogloss_core::{Clock as _, SystemClock, TokenDigest};
use time::OffsetDateTime;

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
/// The time after which one try is available again.
pub const MINUTE: Duration = Duration::from_mins(1);
/// The budget of the tested buckets: three tries.
pub const BUDGET: Budget = Budget {
    tries: 3,
    refill: MINUTE,
    first_lock: SECOND,
    longest_lock: Duration::from_secs(5),
};

/// Returns a digest that differs for each number.
pub fn digest(number: u8) -> TokenDigest {
    [number; 16].into()
}

/// Returns a bucket that differs for each number.
pub fn bucket(number: u8) -> Bucket {
    Bucket {
        key: digest(number),
        kind: BucketKind::Account,
        account: Some(digest(number + 100)),
        network: Some("192.0.2.0/24".to_owned()),
        network_digest: Some(digest(99)),
    }
}

/// The bucket of a throttle, used at given times after the start.
struct Tested<'t> {
    throttle: &'t dyn Throttle,
    bucket: Bucket,
    /// The current time, because Redis drops expired keys by its own clock.
    start: OffsetDateTime,
}

impl Tested<'_> {
    async fn taken(&self, after: Duration) -> ChargeOutcome {
        let now = self.start + after;
        let taken = self.throttle.charge(&self.bucket, &BUDGET, now).await;
        taken.unwrap()
    }

    async fn granted(&self, after: Duration) -> Permit {
        match self.taken(after).await {
            ChargeOutcome::Granted(permit) => permit,
            ChargeOutcome::Locked { until } => panic!("locked until {until}"),
        }
    }

    /// Asserts that a charge at `after` is refused because the bucket is locked, and returns the end of that lock.
    /// Both are durations since the start.
    async fn locked(&self, after: Duration) -> Duration {
        match self.taken(after).await {
            ChargeOutcome::Granted(permit) => panic!("{permit:?}"),
            ChargeOutcome::Locked { until } => (until - self.start).unsigned_abs(),
        }
    }

    async fn refund(&self, permit: Permit, after: Duration) {
        let now = self.start + after;
        let given = self.throttle.refund(self.bucket.key, permit, now).await;
        given.unwrap();
    }
}

fn tested(throttle: &dyn Throttle, number: u8) -> Tested<'_> {
    Tested {
        throttle,
        bucket: bucket(number),
        start: SystemClock.now(),
    }
}

async fn locks_follow_the_free_tries_and_grow(throttle: &dyn Throttle) {
    let t = tested(throttle, 1);
    let mut at = Duration::ZERO;
    for _ in 0..3 {
        t.granted(at).await;
        at += MILLISECOND;
    }
    at = Duration::from_millis(2);
    for lock in [1, 2, 4, 5, 5] {
        let end = at + SECOND * lock;
        assert_eq!(t.locked(at).await, end);
        assert_eq!(t.locked(end.saturating_sub(MILLISECOND)).await, end);
        t.granted(end).await;
        at = end;
    }
}

async fn a_running_lock_is_not_extended(throttle: &dyn Throttle) {
    let t = tested(throttle, 2);
    for _ in 0..3 {
        t.granted(Duration::ZERO).await;
    }
    for millisecond in 0..1000 {
        let end = t.locked(Duration::from_millis(millisecond)).await;
        assert_eq!(end, SECOND);
    }
    t.granted(SECOND).await;
}

async fn tries_come_back_with_time_once_the_lock_is_over(throttle: &dyn Throttle) {
    let t = tested(throttle, 3);
    for _ in 0..3 {
        t.granted(Duration::ZERO).await;
    }
    // Two tries are available again, and the second one locks for the second time.
    let later = SECOND + MINUTE * 2;
    t.granted(later).await;
    t.granted(later).await;
    assert_eq!(t.locked(later).await, later + SECOND * 2);
    // All tries are available again, and the locks are forgotten.
    let full = later + SECOND * 2 + MINUTE * 3;
    for _ in 0..3 {
        t.granted(full).await;
    }
    assert_eq!(t.locked(full).await, full + SECOND);
}

async fn what_is_given_back_was_never_taken(throttle: &dyn Throttle) {
    let t = tested(throttle, 4);
    for _ in 0..20 {
        let permit = t.granted(Duration::ZERO).await;
        t.refund(permit, Duration::ZERO).await;
    }
    let first = t.granted(Duration::ZERO).await;
    let second = t.granted(Duration::ZERO).await;
    let third = t.granted(Duration::ZERO).await;
    t.locked(Duration::ZERO).await;
    // Giving a try back ends the lock that began with this try, and no other.
    t.refund(first, Duration::ZERO).await;
    t.locked(Duration::ZERO).await;
    t.refund(third, Duration::ZERO).await;
    t.granted(Duration::ZERO).await;
    t.granted(Duration::ZERO).await;
    assert_eq!(t.locked(Duration::ZERO).await, SECOND);
    t.refund(second, Duration::ZERO).await;
    assert_eq!(t.locked(Duration::ZERO).await, SECOND);
}

async fn of_many_at_once_as_many_are_granted_as_there_are(throttle: &dyn Throttle) {
    let t = tested(throttle, 5);
    let many = (0..50).map(|_| t.taken(Duration::ZERO));
    let granted = join_all(many).await.into_iter();
    let granted = granted.filter(|taken| matches!(taken, ChargeOutcome::Granted(_)));
    assert_eq!(granted.count(), 3);
}

async fn a_reset_bucket_is_full(throttle: &dyn Throttle) {
    let t = tested(throttle, 6);
    for _ in 0..3 {
        t.granted(Duration::ZERO).await;
    }
    assert!(throttle.reset(digest(6)).await.unwrap());
    assert!(!throttle.reset(digest(6)).await.unwrap());
    for _ in 0..3 {
        t.granted(Duration::ZERO).await;
    }
}

async fn strained_buckets_are_listed_with_what_they_are_for(throttle: &dyn Throttle) {
    throttle.clear(SystemClock.now()).await.unwrap();
    let t = tested(throttle, 7);
    let charged = [(t.bucket.clone(), t.granted(Duration::ZERO).await)];
    throttle.record_wrong(&charged, t.start).await.unwrap();
    let source = Bucket {
        key: digest(8),
        kind: BucketKind::Source,
        account: None,
        network: None,
        network_digest: None,
    };
    for _ in 0..3 {
        throttle.charge(&source, &BUDGET, t.start).await.unwrap();
    }
    let all = async |now| lists::listed(throttle, &[BucketList::All], 10, now).await;
    let listed = all(t.start).await;
    let [second, first] = &listed[..] else {
        panic!("{listed:?}");
    };
    assert_eq!(first.bucket, t.bucket);
    assert_eq!((first.locks, first.locked_until), (0, None));
    assert_eq!(first.full_at, t.start + MINUTE);
    assert_eq!(second.bucket, source);
    assert_eq!(second.locks, 1);
    assert_eq!(second.locked_until, Some(t.start + SECOND));
    assert_eq!(second.full_at, t.start + SECOND + MINUTE * 3);
    let full = t.start + MINUTE * 4;
    assert_eq!(all(full).await, []);
}

async fn clients_are_known_until_they_are_forgotten(throttle: &dyn Throttle) {
    let now = SystemClock.now();
    let ada = digest(9);
    let knows = async |number: u8, now| throttle.knows(ada, digest(number), now).await.unwrap();
    assert!(!knows(1, now).await);
    let remember = async |number: u8, now| {
        let until = now + MINUTE;
        throttle
            .remember(ada, digest(number), until, now)
            .await
            .unwrap();
    };
    remember(1, now).await;
    assert!(knows(1, now + MINUTE - SECOND).await);
    assert!(!knows(1, now + MINUTE).await);
    assert!(!throttle.knows(digest(10), digest(1), now).await.unwrap());
    // The oldest clients are dropped.
    for number in 2..34 {
        remember(number, now + SECOND).await;
    }
    assert!(!knows(1, now).await);
    assert!(knows(2, now).await);
    assert!(knows(33, now).await);
    // A client that is used again becomes the newest.
    remember(2, now + SECOND * 2).await;
    remember(34, now + SECOND * 2).await;
    assert!(knows(2, now).await);
    assert!(!knows(3, now).await);
    assert!(throttle.forget(ada).await.unwrap());
    assert!(!knows(2, now).await, "forgotten with the account");
    assert!(!throttle.forget(ada).await.unwrap(), "twice");
}

/// Runs all tests on an empty throttle.
///
/// # Panics
/// If a test fails.
pub async fn fulfil(throttle: &dyn Throttle) {
    locks_follow_the_free_tries_and_grow(throttle).await;
    a_running_lock_is_not_extended(throttle).await;
    tries_come_back_with_time_once_the_lock_is_over(throttle).await;
    what_is_given_back_was_never_taken(throttle).await;
    of_many_at_once_as_many_are_granted_as_there_are(throttle).await;
    a_reset_bucket_is_full(throttle).await;
    strained_buckets_are_listed_with_what_they_are_for(throttle).await;
    clients_are_known_until_they_are_forgotten(throttle).await;
    lists::fulfil(throttle).await;
}
