//! What can be measured of a gateway with given settings.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use isogloss_testkit::{Gateway, Redis, Store};

use crate::dialects::{BIMPLUS as LOGIN, MARK};
use crate::gateways::{NO_CAPS, Setting, start};
use crate::load::{Questions, ask};
use crate::tokens::issue_noted;
use crate::unseen::Unseen;
use crate::validation::{BIMPLUS, END};
use crate::{login, storm};

/// Number of tokens at each gateway whose use is recorded.
const NOTED: usize = 1_000;

/// Shared by all rows.
pub(super) struct Bench<'a> {
    pub(super) program: &'a Path,
    pub(super) each: Duration,
    pub(super) unseen: Unseen,
}

/// A measurement; the number is that of concurrent clients.
#[derive(Debug, Clone, Copy)]
pub(super) enum Measured {
    /// Checks of one token in Redis.
    Checks(usize),
    /// Checks of one token in the embedded store.
    ChecksEmbedded(usize),
    /// Checks of tokens in Redis, each token only once.
    ChecksOnce(usize),
    /// Checks of tokens in Redis whose end moves with use, so that every check is recorded.
    ChecksNoted(usize),
    /// Checks at a steady rate while clients log in.
    ChecksInStorm(usize),
    /// Logins.
    Logins(usize),
    /// Successive logins of one client.
    Login,
}

pub(super) type Round<'a> = Box<dyn Fn() -> Result<f64> + 'a>;

impl Measured {
    pub(super) fn unit(self) -> &'static str {
        match self {
            Self::Checks(_)
            | Self::ChecksEmbedded(_)
            | Self::ChecksOnce(_)
            | Self::ChecksNoted(_) => "checks/s",
            Self::Logins(_) => "logins/s",
            Self::ChecksInStorm(_) | Self::Login => "ms",
        }
    }

    /// Returns a function that measures one round, of a gateway with these settings in addition to the default
    /// ones.
    pub(super) fn with<'a>(self, settings: &[Setting], bench: &'a Bench<'_>) -> Result<Round<'a>> {
        let &Bench { program, each, .. } = bench;
        let on_redis = |settings: &[Setting]| {
            let redis = Redis::start()?;
            let gateway = start(program, Store::Redis(redis.url()), settings)?;
            anyhow::Ok(House {
                gateway,
                redis: Some(redis),
            })
        };
        let embedded = |settings: &[Setting]| {
            let gateway = start(program, Store::Embedded, settings)?;
            anyhow::Ok(House {
                gateway,
                redis: None,
            })
        };
        let hashing = || [&NO_CAPS[..], &[login::SAME_COST], settings].concat();
        match self {
            Self::Checks(clients) => on_redis(settings)?.checks(clients, each),
            Self::ChecksEmbedded(clients) => embedded(settings)?.checks(clients, each),
            Self::ChecksOnce(clients) => {
                let settings = settings.to_vec();
                Ok(Box::new(move || bench.unseen.ask(&settings, clients, each)))
            }
            Self::ChecksNoted(clients) => on_redis(settings)?.noted_checks(clients, each),
            Self::Logins(clients) => {
                let questions = Questions::whole(&[LOGIN.login()], MARK)?;
                Ok(embedded(&hashing())?.asked(questions, clients, each))
            }
            Self::Login => {
                let house = embedded(&hashing())?;
                Ok(Box::new(move || login::one_takes(house.public(), each)))
            }
            Self::ChecksInStorm(clients) => {
                let house = on_redis(&[&[storm::COST], settings].concat())?;
                Ok(Box::new(move || {
                    storm::checks_take(house.public(), clients, each)
                }))
            }
        }
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checks(clients) => write!(to, "checks, Redis, {clients} clients"),
            Self::ChecksEmbedded(clients) => write!(to, "checks, embedded, {clients} clients"),
            Self::ChecksOnce(clients) => {
                write!(to, "checks, Redis, each token once, {clients} clients")
            }
            Self::ChecksNoted(clients) => {
                write!(to, "checks, Redis, each use recorded, {clients} clients")
            }
            Self::ChecksInStorm(clients) => {
                write!(
                    to,
                    "99th percentile of checks while {clients} clients log in"
                )
            }
            Self::Logins(clients) => write!(to, "logins, {clients} clients"),
            Self::Login => write!(to, "median of logins, one client"),
        }
    }
}

/// A gateway and its store.
struct House {
    gateway: Gateway,
    redis: Option<Redis>,
}

impl House {
    fn public(&self) -> SocketAddr {
        self.gateway.public()
    }

    fn checks<'a>(self, clients: usize, each: Duration) -> Result<Round<'a>> {
        let token = LOGIN.token(self.public())?;
        let questions = Questions::about(&[token], BIMPLUS, END)?;
        Ok(self.asked(questions, clients, each))
    }

    fn noted_checks<'a>(self, clients: usize, each: Duration) -> Result<Round<'a>> {
        let url = self.redis.as_ref().map(Redis::url).unwrap_or_default();
        let tokens = issue_noted(&self.gateway, &url, NOTED)?;
        let questions = Questions::about(&tokens, BIMPLUS, END)?;
        Ok(self.asked(questions, clients, each))
    }

    fn asked<'a>(self, questions: Questions, clients: usize, each: Duration) -> Round<'a> {
        Box::new(move || Ok(ask(self.public(), &questions, clients, each)?.rate))
    }
}
