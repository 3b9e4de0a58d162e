//! Checks with few and with many live tokens, and the start of a gateway with many tokens and users.
//!
//! In both cases the same number of tokens is checked. Among the many, they are spread over all.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use isogloss_testkit::{Gateway, Redis, Store};

use super::logins::Large;
use super::{Growth, embedded, grouped, redis};
use crate::gateways::{NO_NEAR_TOKENS, filled, start, start_beside, start_with};
use crate::load::{Questions, ask};
use crate::report::Report;
use crate::rounds::{Contestant, run};
use crate::targets::{at_most, beside_each};
use crate::tokens::{Place, issue};
use crate::validation::{BIMPLUS, END};

const CLIENTS: usize = 32;
/// Largest number of tokens that are checked.
const ASKED: usize = 1_000;

/// Returns the Redis with many tokens.
pub(super) fn measure(
    program: &Path,
    growth: Growth,
    large: &Large,
    report: &mut Report,
) -> Result<Redis> {
    let asked = ASKED.min(growth.tokens.few);
    let in_redis = |many| on_redis(program, many, asked);
    let (few, many) = (in_redis(growth.tokens.few)?, in_redis(growth.tokens.many)?);
    let embedded_few = Embedded::start(program, large)?.holding(growth.tokens.few, asked)?;
    let mut embedded = Embedded::start(program, large)?;
    embedded.add(growth.at_start, 0)?;
    embedded.times(growth, report)?;
    let embedded_many = embedded.holding(growth.tokens.many, asked)?;

    let mut contestants = Vec::new();
    let pairs = [
        (
            "Redis",
            &few.near,
            &many.near,
            [&few.questions, &many.questions],
        ),
        (
            "Redis, redis_near_cache = 0",
            &few.far,
            &many.far,
            [&few.questions, &many.questions],
        ),
        (
            "embedded",
            &embedded_few.0,
            &embedded_many.0,
            [&embedded_few.1, &embedded_many.1],
        ),
    ];
    for (name, few, many, questions) in pairs {
        let sizes = [growth.tokens.few, growth.tokens.many];
        for ((gateway, questions), tokens) in [few, many].into_iter().zip(questions).zip(sizes) {
            let (server, each) = (gateway.public(), growth.each);
            let name = format!("{name}, {} tokens", grouped(tokens));
            contestants.push(Contestant::new(name, move || {
                Ok(ask(server, questions, CLIENTS, each)?.rate)
            }));
        }
    }
    let what = format!("checks as tokens grow, {asked} of them in use, {CLIENTS} clients");
    let all = run(&what, "checks/s", growth.rounds, &contestants)?;
    for verdict in beside_each(&all, "checks", 0.90) {
        report.judge(verdict);
    }
    report.table(&what, "checks/s", &all);
    Ok(many.redis)
}

/// Two gateways on one Redis with tokens, and the checks of these tokens: one with the token cache, one without.
struct OnRedis {
    near: Gateway,
    far: Gateway,
    questions: Questions,
    redis: Redis,
}

fn on_redis(program: &Path, many: usize, asked: usize) -> Result<OnRedis> {
    let redis = Redis::start()?;
    let store = || Store::Redis(redis.url());
    let near = start(program, store(), &[])?;
    redis::fill(&near, &redis, many - asked)?;
    let tokens = issue(&near, &redis.url(), asked)?;
    let far = start_beside(&near, program, store(), &[NO_NEAR_TOKENS])?;
    Ok(OnRedis {
        near,
        far,
        questions: Questions::about(&tokens, BIMPLUS, END)?,
        redis,
    })
}

/// A gateway with an embedded store and the directory with many users.
struct Embedded {
    gateway: Gateway,
    place: Place,
    tokens: usize,
}

impl Embedded {
    fn start(program: &Path, large: &Large) -> Result<Self> {
        let gateway = start_with(program, Store::Embedded, |builder| {
            filled(builder, &format!("sqlite:{}", large.file.display()))
        })?;
        let place = Place {
            directory: large.file.clone(),
            ..Place::of(&gateway)
        };
        let tokens = 0;
        Ok(Self {
            gateway,
            place,
            tokens,
        })
    }

    /// Stops the gateway and adds tokens to its store. Returns `asked` of them, which are valid; the others only
    /// fill the store.
    fn add(&mut self, more: usize, asked: usize) -> Result<Vec<String>> {
        self.gateway.terminate()?;
        self.tokens += more;
        let file = self.gateway.folder().join("tokens.redb");
        embedded::add(&file, &self.place, more - asked, asked)
    }

    /// Fills the store up to `all` tokens and starts the gateway. Returns it with the checks of `asked` tokens.
    fn holding(mut self, all: usize, asked: usize) -> Result<(Gateway, Questions)> {
        let tokens = self.add(all.saturating_sub(self.tokens).max(asked), asked)?;
        self.starts()?;
        Ok((self.gateway, Questions::about(&tokens, BIMPLUS, END)?))
    }

    /// Starts the gateway and returns how long it takes until it is ready.
    fn starts(&mut self) -> Result<Duration> {
        // The previous process releases the file only after it has ended.
        std::thread::sleep(Duration::from_millis(500));
        let begun = Instant::now();
        self.gateway.start_again()?;
        self.gateway.wait_until_ready()?;
        Ok(begun.elapsed())
    }

    /// Judges the start time after an orderly shutdown, and after a crash.
    fn times(&mut self, growth: Growth, report: &mut Report) -> Result<()> {
        let holds = format!(
            "{} tokens and {} users",
            grouped(self.tokens),
            grouped(growth.users.many)
        );
        let file = self.gateway.folder().join("tokens.redb");
        let bytes = std::fs::metadata(&file)?.len() / self.tokens.max(1) as u64;
        report.line(&format!(
            "The embedded store takes {bytes} bytes per token."
        ));
        let after_end = self.starts()?.as_secs_f64();
        self.gateway.kill()?;
        let after_crash = self.starts()?.as_secs_f64();
        for (what, took) in [("an orderly shutdown", after_end), ("a crash", after_crash)] {
            let what = format!("start after {what}, embedded, {holds}");
            report.judge(at_most(&what, "s", took, 1.0));
        }
        Ok(())
    }
}
