//! Logins with few users in the directory, and with many.

use std::path::{Path, PathBuf};

use anyhow::Result;
use isogloss_testkit::{Builder, Gateway, Postgres, Redis, Store};

use super::{Growth, grouped, plans, users};
use crate::dialects::MARK;
use crate::gateways::{NO_CAPS, filled, start_with, with};
use crate::load::{Questions, ask};
use crate::report::Report;
use crate::rounds::{Contestant, run};
use crate::targets::beside_each;

/// Concurrent logins: more than there are threads, fewer than fit into the queue.
const CLIENTS: usize = 16;
/// Largest number of users that log in.
const ASKED: usize = 10_000;

/// A directory with that many users, and a gateway for each bcrypt cost.
struct House {
    gateways: Vec<Gateway>,
    users: usize,
    /// Value of `directory.url`.
    url: String,
}

/// The SQLite file and the PostgreSQL database with many users. Both exist until this value is dropped.
pub(super) struct Large {
    pub(super) file: PathBuf,
    _house: House,
    postgres: Postgres,
    /// Value of `directory.url`.
    url: String,
}

impl Large {
    /// Returns the server and the URL of the database.
    pub(super) fn postgres(&self) -> (&Postgres, &str) {
        (&self.postgres, &self.url)
    }
}

pub(super) fn measure(program: &Path, growth: Growth, report: &mut Report) -> Result<Large> {
    let redis = Redis::start()?;
    let postgres = Postgres::start()?;
    let in_sqlite = |many| sqlite(program, &redis, many);
    let in_postgres = |many| postgres_house(program, &redis, &postgres, many);
    let pairs = [
        (
            "SQLite",
            in_sqlite(growth.users.few)?,
            in_sqlite(growth.users.many)?,
        ),
        (
            "PostgreSQL",
            in_postgres(growth.users.few)?,
            in_postgres(growth.users.many)?,
        ),
    ];
    for (index, cost) in users::COSTS.into_iter().enumerate() {
        let mut asked = Vec::new();
        for (name, few, many) in &pairs {
            for house in [few, many] {
                let logins = users::logins(house.users, cost, ASKED);
                let name = format!("{name}, {} users", grouped(house.users));
                asked.push((name, house, Questions::whole(&logins, MARK)?));
            }
        }
        let contestants: Vec<_> = asked
            .iter()
            .map(|(name, house, questions)| {
                let server = house.gateways[index].public();
                Contestant::new(name, move || {
                    Ok(ask(server, questions, CLIENTS, growth.each)?.rate)
                })
            })
            .collect();
        let what = format!("logins as users grow, bcrypt cost {cost}, {CLIENTS} clients");
        let all = run(&what, "logins/s", growth.rounds, &contestants)?;
        for verdict in beside_each(&all, &format!("logins, bcrypt cost {cost}"), 0.95) {
            report.judge(verdict);
        }
        report.table(&what, "logins/s", &all);
    }
    let [(_, _, house), (_, _, House { gateways, url, .. })] = pairs;
    // PostgreSQL adds a connection's statistics when the connection ends.
    drop(gateways);
    let file = house.gateways[0].folder().join("directory.db");
    plans::of_sqlite(program, &file, report)?;
    plans::of_postgres(program, &postgres, &url, report)?;
    Ok(Large {
        file,
        _house: house,
        postgres,
        url,
    })
}

/// Creates users in a SQLite file, and starts a gateway for each bcrypt cost.
fn sqlite(program: &Path, redis: &Redis, users: usize) -> Result<House> {
    let [low, high] = users::COSTS;
    let first = gateway(program, redis, low, |first| first)?;
    let file = first.folder().join("directory.db");
    users::in_sqlite(&file, users)?;
    let url = format!("sqlite:{}", file.display());
    let second = gateway(program, redis, high, |second| filled(second, &url))?;
    let gateways = vec![first, second];
    Ok(House {
        gateways,
        users,
        url,
    })
}

/// Creates users in a PostgreSQL database, and starts a gateway for each bcrypt cost.
fn postgres_house(
    program: &Path,
    redis: &Redis,
    postgres: &Postgres,
    users: usize,
) -> Result<House> {
    let url = postgres.new_database()?;
    let [low, high] = users::COSTS;
    let first = gateway(program, redis, low, |first| first.directory(&url))?;
    users::in_postgres(postgres, plans::database(&url)?, users)?;
    let second = gateway(program, redis, high, |second| filled(second, &url))?;
    let gateways = vec![first, second];
    Ok(House {
        gateways,
        users,
        url,
    })
}

fn gateway(
    program: &Path,
    redis: &Redis,
    cost: u32,
    differ: impl FnOnce(Builder) -> Builder,
) -> Result<Gateway> {
    start_with(program, Store::Redis(redis.url()), |builder| {
        differ(with(builder, &NO_CAPS).env("ISOGLOSS__PASSWORDS__BCRYPT_COST", cost.to_string()))
    })
}
