//! Tokens that are checked once each, at a gateway that has seen none of them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};
use isogloss_testkit::{Gateway, Redis, Store};

use crate::gateways::{Setting, start, start_beside};
use crate::load::{Questions, ask};
use crate::tokens::issue;
use crate::validation::{BIMPLUS, END};

/// wrk accepts only whole seconds.
const SHORTEST: Duration = Duration::from_secs(1);

/// Tokens in Redis that no gateway has checked yet.
pub(crate) struct Unseen {
    program: PathBuf,
    redis: Redis,
    /// The gateway whose directory and pepper they use.
    gateway: Gateway,
    questions: Questions,
    many: u64,
}

impl Unseen {
    pub(crate) fn issue(program: &Path, many: usize) -> Result<Self> {
        eprintln!("issuing {many} tokens");
        let redis = Redis::start()?;
        let gateway = start(program, Store::Redis(redis.url()), &[])?;
        let tokens = issue(&gateway, &redis.url(), many)?;
        Ok(Self {
            program: program.to_owned(),
            redis,
            gateway,
            questions: Questions::about(&tokens, BIMPLUS, END)?,
            many: many as u64,
        })
    }

    /// Starts a gateway and returns its checks per second.
    pub(crate) fn ask(
        &self,
        settings: &[Setting],
        clients: usize,
        during: Duration,
    ) -> Result<f64> {
        let store = Store::Redis(self.redis.url());
        let gateway = start_beside(&self.gateway, &self.program, store, settings)?;
        let answers = ask(gateway.public(), &self.questions, clients, during)?;
        if answers.many <= self.many {
            return Ok(answers.rate);
        }
        // A fast machine needs fewer seconds for all tokens: measure for a shorter time.
        ensure!(
            during > SHORTEST,
            "{} checks of {} tokens: some were checked twice",
            answers.many,
            self.many
        );
        self.ask(settings, clients, (during / 2).max(SHORTEST))
    }
}
