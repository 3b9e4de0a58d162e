//! Lists with many buckets of one moment, and with many locked ones.

use std::time::Duration;

use futures_util::future::join_all;
use isogloss_core::throttle::{BucketCursor, BucketList, ListPart, Throttle};

use super::{ALL, Lists, bucket, budget, digest, listed, page};
use crate::throttle::{MILLISECOND, MINUTE, SECOND};

pub(super) async fn buckets_of_one_moment_are_on_one_page_each(throttle: &dyn Throttle) {
    let l = Lists::empty(throttle).await;
    let three = budget(3, SECOND);
    for number in 1..=30 {
        let bucket = bucket(number, (number, number % 2));
        l.wrong(&bucket, &three, Duration::ZERO).await;
    }
    let falling: Vec<_> = (1..=30).rev().collect();
    assert_eq!(l.numbers(ALL, Duration::ZERO).await, falling);
    let networks = [0, 1].map(|number| BucketList::Network(digest(number)));
    assert_eq!(l.numbers(&networks, Duration::ZERO).await, falling);
}

/// Tests an empty throttle with more running locks than are examined for a page. It takes a while.
///
/// # Panics
/// If the test fails.
pub async fn many_locks_do_not_hide_what_is_not_locked(throttle: &dyn Throttle) {
    const LOCKED: u32 = 1200;
    let l = Lists::empty(throttle).await;
    let three = budget(3, SECOND);
    for number in 1..=3 {
        l.wrong(&bucket(number, (1, 1)), &three, MILLISECOND * number)
            .await;
    }
    let one = budget(1, MINUTE * 5);
    let locked: Vec<_> = (4..4 + LOCKED)
        .map(|number| bucket(number, (2, 2)))
        .collect();
    for some in locked.chunks(50) {
        let charges = some.iter().map(|bucket| l.charge(bucket, &one, SECOND));
        join_all(charges).await;
    }
    let now = l.start + SECOND;
    let mut after = Some(BucketCursor::before(ListPart::Unlocked));
    let (mut pages, mut found) = (0, Vec::new());
    while let Some(place) = after {
        let page = page(throttle, ALL, (place, 2), now).await;
        found.extend(page.buckets.iter().map(|one| one.bucket.bucket.key));
        after = page.next;
        pages += 1;
    }
    assert_eq!(found, [digest(3), digest(2), digest(1)]);
    assert!(pages > 2, "a page examines a bounded number of entries");
    let all = listed(throttle, ALL, 1000, now).await;
    assert_eq!(all.len(), 3 + locked.len());
    throttle.clear(now).await.unwrap();
}
