//! Stores that fail under load, and authorities that fail.
//!
//! Every response is a success or the dialect's "unavailable". No valid token is refused, and no ended one is
//! accepted. The gateway recovers without a restart.
//!
//! `make faults` prints how long each recovery took.

mod authorities;
mod clock;
mod cut_requests;
mod disk;
mod load;
mod packets;
mod postgres;
mod redis;
mod redis_topologies;
mod schedules;
mod silence;

use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::{Builder, Gateway, Store};

use crate::faults::load::Load;

/// Duration of the load before, during and after a fault: long enough for hundreds of requests.
const WHILE: Duration = Duration::from_millis(1500);

fn gateway(store: Store) -> Builder {
    Gateway::builder(crate::PROGRAM)
        .store(store)
        .env("ISOGLOSS__TOKENS__REDIS_TIMEOUT", "500ms")
        .env("ISOGLOSS__TOKENS__REDIS_CONNECT_TIMEOUT", "500ms")
        .env("ISOGLOSS__TOKENS__REDIS_POOL_TIMEOUT", "500ms")
        .env("ISOGLOSS__TOKENS__PER_USER", "100000")
        .env("ISOGLOSS__TOKENS__PER_CLIENT", "100000")
}

/// Runs a load before, during and after a fault, and judges the responses. `heal` may take some time.
fn survives(what: &str, gateway: &Gateway, strike: impl FnOnce(), heal: impl FnOnce()) {
    let load = Load::on(gateway.public());
    thread::sleep(WHILE);
    let struck = Instant::now();
    strike();
    thread::sleep(WHILE);
    heal();
    let healed = Instant::now();
    load.recovers();
    let recovery = healed.elapsed();
    thread::sleep(WHILE);
    let tally = load.end();
    eprintln!(
        "{what}: {} done, {} unavailable, recovered {recovery:?} after its end",
        tally.done, tally.unavailable
    );
    tally.assert_flawless(what, struck);
}
