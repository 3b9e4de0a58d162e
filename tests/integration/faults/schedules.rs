//! Random schedules from a seed, checked against a model.
//!
//! Users log in, check tokens, refresh, log out and redeem, while administrators change users, directory files are
//! imported and configurations reloaded. Connections are stalled, cut, delayed and reordered, and lose responses.
//!
//! A valid token may be refused only as "unavailable", and an ended one must not be accepted. Every acknowledged
//! change must be recorded, and every recorded one made. `ISOGLOSS_SCHEDULES` sets the number of schedules for
//! each back end, `ISOGLOSS_SEED=7` runs only that one, and `ISOGLOSS_SEED=1..21` those that ran together.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a rule is about a few of many acts and kinds"
)]

mod audit;
mod emails;
mod ends;
mod expected;
mod faults;
mod issued;
mod job;
mod judge;
mod model;
mod plan;
mod requests;
mod resets;
mod run;
mod site;
mod states;
mod taken;
mod verify;

use std::time::{Duration, Instant};

use crate::faults::schedules::run::Batch;
use crate::faults::schedules::site::{BackEnd, Site};

/// Number of schedules that share the gateways at a time.
const AT_ONCE: usize = 20;
/// Number of failures whose steps are printed.
const SHOWN: usize = 3;

/// Returns the seeds from `ISOGLOSS_SEED` or `ISOGLOSS_SCHEDULES`.
fn seeds() -> Vec<u64> {
    let number = |text: &str| text.parse::<u64>().unwrap();
    let set = |name: &str| Some(std::env::var_os(name)?.into_string().unwrap());
    if let Some(text) = set("ISOGLOSS_SEED") {
        return match text.split_once("..") {
            Some((from, to)) => (number(from)..number(to)).collect(),
            None => vec![number(&text)],
        };
    }
    let count = set("ISOGLOSS_SCHEDULES");
    (1..=count.map_or(8, |text| number(&text))).collect()
}

fn hold_with(back_end: BackEnd) {
    let seeds = seeds();
    let site = Site::start(back_end);
    let began = Instant::now();
    let (mut done, mut steps, mut unavailable) = (0, 0, 0);
    let mut longest = (Duration::ZERO, String::new());
    let mut failed = Vec::new();
    for together in seeds.chunks(AT_ONCE) {
        let outcome = Batch::new(&site, together).run();
        done += together.len();
        for model in &outcome.models {
            steps += model.steps;
            unavailable += model.unavailable;
            longest = longest.max(model.longest.clone());
            if model.wrong.is_empty() {
                continue;
            }
            failed.push(model.seed);
            let (seed, wrong) = (model.seed, model.wrong.join("\n  "));
            eprintln!("{back_end:?}, seed {seed}, ran with {together:?}:\n  {wrong}");
            if failed.len() <= SHOWN {
                let (trace, silent) = (model.trace.join("\n"), outcome.silent.join("\n  "));
                eprintln!("its steps:\n{trace}\nsilent in the end:\n  {silent}");
            }
        }
        eprintln!(
            "{back_end:?}: {done} of {} schedules in {:.0?}, {steps} steps, {unavailable} unavailable, the slowest \
             {:.1?} ({}), recovered {:.0?} after the last fault, {} failed",
            seeds.len(),
            began.elapsed(),
            longest.0,
            longest.1,
            outcome.recovery,
            failed.len()
        );
    }
    assert!(
        failed.is_empty(),
        "{back_end:?}: failed with the seeds {failed:?}; ISOGLOSS_SEED=n runs one again"
    );
}

#[test]
fn schedules_hold_with_tokens_in_memory() {
    hold_with(BackEnd::Memory);
}

#[test]
fn schedules_hold_with_the_embedded_store() {
    hold_with(BackEnd::Embedded);
}

#[test]
fn schedules_hold_with_redis() {
    hold_with(BackEnd::Redis);
}

#[test]
fn schedules_hold_with_a_redis_cluster() {
    hold_with(BackEnd::Cluster);
}

#[test]
fn schedules_hold_with_redis_and_postgres() {
    hold_with(BackEnd::RedisAndPostgres);
}
