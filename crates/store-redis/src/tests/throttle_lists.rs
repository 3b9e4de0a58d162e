//! What lists of counted attempts cost a server, and how long they become.

use std::time::Duration;

use isogloss_core::throttle::{
    Bucket, BucketCursor, BucketList, Budget, ChargeOutcome, ListPart, Permit, Throttle as _,
};
use isogloss_core::{Clock as _, SystemClock};
use isogloss_store_contract::throttle;
use isogloss_store_contract::throttle::lists::page;
use isogloss_testkit::servers::RedisServer;
use time::OffsetDateTime;

use super::throttle::on_redis;
use crate::RedisThrottle;

/// A budget whose only attempt begins a lock.
const ONE: Budget = Budget {
    tries: 1,
    refill: Duration::from_mins(10),
    first_lock: Duration::from_mins(10),
    longest_lock: Duration::from_mins(10),
};

/// Returns how often a command was sent since the last call of `CONFIG RESETSTAT`, also by scripts.
fn calls(server: &RedisServer, command: &str) -> u64 {
    let stats = server.ask(&["INFO", "commandstats"]).unwrap();
    let start = format!("cmdstat_{command}:calls=");
    let line = stats.lines().find_map(|line| line.strip_prefix(&start));
    line.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
}

fn reset_calls(server: &RedisServer) {
    server.ask(&["CONFIG", "RESETSTAT"]).unwrap();
}

async fn charge(tries: &RedisThrottle, bucket: &Bucket, budget: &Budget) -> Permit {
    let now = SystemClock.now();
    match tries.charge(bucket, budget, now).await.unwrap() {
        ChargeOutcome::Granted(permit) => permit,
        ChargeOutcome::Locked { until } => panic!("locked until {until}"),
    }
}

/// Returns the first page of a list, with at most 50 buckets.
async fn first_page(tries: &RedisThrottle, list: BucketList, now: OffsetDateTime) -> usize {
    let start = BucketCursor::before(ListPart::Locked);
    page(tries, &[list], (start, 50), now).await.buckets.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_costs_the_same_whatever_else_is_stored() {
    let server = RedisServer::start(&[]).unwrap();
    let tries = on_redis(&server);
    let fill = "for n = 1, 200000 do redis.call('SET', 'isogloss:t:' .. n, '') end";
    server.ask(&["EVAL", fill, "0"]).unwrap();
    for number in 0..100 {
        charge(&tries, &throttle::bucket(number), &ONE).await;
    }
    let account = BucketList::Account(throttle::bucket(1).account.unwrap());
    let network = BucketList::Network(throttle::bucket(1).network_digest.unwrap());
    for (list, found) in [(BucketList::All, 50), (network, 50), (account, 1)] {
        reset_calls(&server);
        let now = SystemClock.now();
        assert_eq!(first_page(&tries, list, now).await, found);
        assert_eq!(calls(&server, "scan"), 0);
        assert!(calls(&server, "zrange") <= 2, "one for each part");
        let read = calls(&server, "hgetall");
        assert!((1..=51).contains(&read), "{read} for {list:?}");
        assert_eq!(calls(&server, "evalsha"), 0);
    }
    let keys = [throttle::bucket(1).key];
    reset_calls(&server);
    let found = tries.find(&keys, SystemClock.now()).await.unwrap();
    assert_eq!((found.len(), calls(&server, "hgetall")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_wrong_attempts_and_locks_write_lists() {
    let server = RedisServer::start(&[]).unwrap();
    let tries = on_redis(&server);
    let bucket = throttle::bucket(1);
    let now = SystemClock.now();
    // The scripts are loaded.
    for _ in 0..2 {
        let permit = charge(&tries, &bucket, &throttle::BUDGET).await;
        let charged = [(bucket.clone(), permit)];
        tries.record_wrong(&charged, now).await.unwrap();
        tries.refund(bucket.key, permit, now).await.unwrap();
    }
    charge(&tries, &bucket, &throttle::BUDGET).await;
    assert!(tries.reset(bucket.key).await.unwrap());
    reset_calls(&server);
    let permit = charge(&tries, &bucket, &throttle::BUDGET).await;
    tries.refund(bucket.key, permit, now).await.unwrap();
    assert_eq!(calls(&server, "evalsha"), 2);
    let permit = charge(&tries, &bucket, &throttle::BUDGET).await;
    assert!(tries.reset(bucket.key).await.unwrap());
    assert_eq!(calls(&server, "evalsha"), 3);
    assert_eq!(calls(&server, "zadd"), 0);
    // One script for the list of all buckets, one for that of the account and one for that of the network.
    let mut others = [2, 3].map(throttle::bucket);
    for other in &mut others {
        other.account = None;
    }
    let [one, two] = others;
    let charged = [(bucket, permit), (one, permit), (two, permit)];
    tries.record_wrong(&charged, now).await.unwrap();
    assert_eq!(calls(&server, "evalsha"), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_bounded_and_what_is_outdated_ends_no_page_too_early() {
    let server = RedisServer::start(&[]).unwrap();
    let tries = on_redis(&server);
    let bucket = throttle::bucket(1);
    let now = SystemClock.now();
    // The bucket is full in 200 seconds. 100,100 entries without buckets are around its entry, 3,100 of them after it.
    let slow = Budget {
        refill: Duration::from_secs(200),
        ..throttle::BUDGET
    };
    let fill = "for n = 1, 100100 do redis.call('ZADD', KEYS[1], ARGV[1] - 97000 + n, string.format('%016d', n)) end";
    let moment = ((now.unix_timestamp() + 200) * 1000).to_string();
    let keys = ["EVAL", fill, "1", "isogloss:f:all", &moment];
    server.ask(&keys).unwrap();
    let permit = charge(&tries, &bucket, &slow).await;
    tries.record_wrong(&[(bucket, permit)], now).await.unwrap();
    let entries = || server.ask(&["ZCARD", "isogloss:f:all"]).unwrap();
    let before: usize = entries().parse().unwrap();
    assert_eq!(before, 100_000);
    let mut after = Some(BucketCursor::before(ListPart::Locked));
    let (mut pages, mut found) = (0, 0);
    while let Some(place) = after {
        let page = page(&tries, &[BucketList::All], (place, 50), now).await;
        found += page.buckets.len();
        after = page.next.filter(|_| found == 0);
        pages += 1;
    }
    assert_eq!(found, 1);
    assert!(pages > 1, "a page examines a bounded number of entries");
    let left: usize = entries().parse().unwrap();
    assert!(left < before, "outdated entries are removed");
}
