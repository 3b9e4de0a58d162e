//! A million tokens: how much room they take, how soon a store with them starts, and whether those who
//! ask wait for the sweep. `ISOGLOSS_TOKENS` sets another number.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark stops where it stumbles, and prints"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt as _};
use isogloss_core::store::{Record, SessionLimits, TokenStore};
use isogloss_core::{Clock as _, Purpose, Realm, SystemClock, TokenDigest};
use isogloss_store_embedded::EmbeddedStore;
use isogloss_store_redis::{RedisSettings, RedisStore};
use isogloss_testkit::Redis;
use time::OffsetDateTime;
use uuid::Uuid;

/// Tokens of one user.
const EACH: usize = 5;
/// No caller should wait longer than this for a sweep.
const LONG: Duration = Duration::from_millis(5);
/// How many logins are under way at a time.
const AT_ONCE: usize = 256;

fn main() {
    let tokens: usize = std::env::var_os("ISOGLOSS_TOKENS")
        .map_or(1_000_000, |text| text.to_str().unwrap().parse().unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(embedded(tokens));
    runtime.block_on(redis(tokens));
}

/// As BIMplus has them issued: a client, an application, eight hours.
fn record(user: Uuid, now: OffsetDateTime, lifetime: Duration) -> Record {
    let life = (now, now + lifetime);
    Record {
        generation: 3,
        client: Some("0864b512-1776-4a55-8ee5-2b19d7d9b7ea".to_owned()),
        application: Some("0106c8baad467c08e26f026852cb7525".to_owned()),
        ..Record::new(Realm::new("bimplus"), user, Purpose::Access, life)
    }
}

fn digest() -> TokenDigest {
    (*Uuid::new_v4().as_bytes()).into()
}

/// Every second token expires in a moment, the others in hours.
async fn fill(store: &dyn TokenStore, tokens: usize, brief: Duration) -> TokenDigest {
    let now = SystemClock.now();
    let kept = digest();
    let one = record(Uuid::new_v4(), now, Duration::from_hours(8));
    store.put(kept, &one, now).await.unwrap();
    stream::iter(0..tokens / EACH)
        .for_each_concurrent(AT_ONCE, |_| async move {
            let user = Uuid::new_v4();
            for number in 0..EACH {
                let lifetime = if number % 2 == 0 {
                    Duration::from_hours(8)
                } else {
                    brief
                };
                let record = record(user, now, lifetime);
                store.put(digest(), &record, now).await.unwrap();
            }
        })
        .await;
    kept
}

async fn embedded(tokens: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.redb");
    let brief = Duration::from_hours(1);
    let store = EmbeddedStore::open(&path, SessionLimits::default()).unwrap();
    let started = Instant::now();
    let kept = fill(&store, tokens, brief).await;
    let took = started.elapsed();
    println!(
        "embedded: {tokens} tokens in {took:.1?}, {:.0} logins/s",
        tokens as f64 / took.as_secs_f64()
    );
    let size = std::fs::metadata(&path).unwrap().len();
    println!("embedded: {} bytes a token on disk", size / tokens as u64);

    // As `kill -9` leaves it: a copy of the file while it is open.
    let crashed = folder.path().join("crashed.redb");
    std::fs::copy(&path, &crashed).unwrap();
    drop(store);
    println!(
        "embedded: start after an orderly end: {:.1?}",
        starts(&path).await
    );
    println!(
        "embedded: start after a crash: {:.1?}",
        starts(&crashed).await
    );

    let store: Arc<dyn TokenStore> =
        Arc::new(EmbeddedStore::open(&path, SessionLimits::default()).unwrap());
    let quiet = waits(&store, kept, Duration::from_secs(20)).await;
    let done = Arc::new(AtomicBool::new(false));
    let sweeping = {
        let (store, done) = (Arc::clone(&store), Arc::clone(&done));
        tokio::spawn(async move {
            let swept = store.sweep(SystemClock.now() + brief).await.unwrap();
            done.store(true, Ordering::Relaxed);
            swept
        })
    };
    let mut busy = Waits::default();
    while !done.load(Ordering::Relaxed) {
        busy.add(&waits(&store, kept, Duration::from_millis(200)).await);
    }
    println!("embedded: {} tokens swept", sweeping.await.unwrap());
    quiet.print("embedded, quiet");
    busy.print("embedded, during the sweep");
}

/// How long it takes until the store can be asked.
async fn starts(path: &std::path::Path) -> Duration {
    loop {
        let started = Instant::now();
        if let Ok(store) = EmbeddedStore::open(path, SessionLimits::default()) {
            store.ping().await.unwrap();
            let took = started.elapsed();
            drop(store);
            // The writing thread lets go of the file a moment later.
            tokio::time::sleep(Duration::from_millis(200)).await;
            return took;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// How long those who ask have waited.
#[derive(Default)]
struct Waits {
    reads: Vec<Duration>,
    writes: Vec<Duration>,
}

async fn waits(store: &Arc<dyn TokenStore>, kept: TokenDigest, during: Duration) -> Waits {
    let mut waits = Waits::default();
    let end = Instant::now() + during;
    while Instant::now() < end {
        let asked = Instant::now();
        assert!(store.get(kept).await.unwrap().is_some());
        waits.reads.push(asked.elapsed());
        let now = SystemClock.now();
        let one = record(Uuid::new_v4(), now, Duration::from_hours(8));
        let asked = Instant::now();
        store.put(digest(), &one, now).await.unwrap();
        waits.writes.push(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    waits
}

impl Waits {
    fn add(&mut self, more: &Self) {
        self.reads.extend(&more.reads);
        self.writes.extend(&more.writes);
    }

    fn print(mut self, what: &str) {
        for (kind, waits) in [("reads", &mut self.reads), ("writes", &mut self.writes)] {
            waits.sort_unstable();
            let at = |part: f64| {
                let index = (waits.len().saturating_sub(1)) as f64 * part;
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "an index"
                )]
                waits.get(index as usize).copied().unwrap_or_default()
            };
            let long = waits.iter().filter(|wait| **wait > LONG).count();
            println!(
                "{what}: {kind}: median {:.1?}, 99 % {:.1?}, longest {:.1?} of {}, {long} above {LONG:?}",
                at(0.5),
                at(0.99),
                at(1.0),
                waits.len()
            );
        }
    }
}

async fn redis(tokens: usize) {
    let server = Redis::start().unwrap();
    let settings = RedisSettings::at(server.url());
    let store = RedisStore::new(&settings, SessionLimits::default()).unwrap();
    while store.ping().await.is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let before = memory(&server);
    let started = Instant::now();
    fill(&store, tokens, Duration::from_hours(1)).await;
    let took = started.elapsed();
    println!(
        "redis: {tokens} tokens in {took:.1?}, {:.0} logins/s",
        tokens as f64 / took.as_secs_f64()
    );
    let each = (memory(&server) - before) / tokens as u64;
    println!("redis: {each} bytes of memory a token, lists of {EACH} a user included");
}

/// Returns the memory that Redis uses, in bytes.
fn memory(server: &Redis) -> u64 {
    let information = server
        .command(&["INFO", "memory"])
        .unwrap()
        .texts()
        .concat();
    let mut lines = information.lines();
    let used = lines.find_map(|line| line.strip_prefix("used_memory:"));
    used.unwrap().trim().parse().unwrap()
}
