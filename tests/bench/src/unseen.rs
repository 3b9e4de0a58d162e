//! Tokens that are asked about once each, at a gateway that has seen none of them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};
use isogloss_testkit::{Gateway, Redis, Store};

use crate::gateways::{Setting, start, start_beside};
use crate::load::{Questions, ask};
use crate::tokens::issue;
use crate::validation::{BIMPLUS, END};

/// wrk knows no part of a second.
const SHORTEST: Duration = Duration::from_secs(1);

/// Such tokens, in a Redis.
pub(crate) struct Unseen {
    program: PathBuf,
    redis: Redis,
    /// Whose directory and pepper it is.
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

    /// Checks a second of a gateway that starts for it.
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
        // On a fast machine they do not last so long.
        ensure!(
            during > SHORTEST,
            "{} checks of {} tokens: some were asked about twice",
            answers.many,
            self.many
        );
        self.ask(settings, clients, (during / 2).max(SHORTEST))
    }
}
