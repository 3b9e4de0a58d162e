//! Whether the databases use an index for logins and checks, or read whole tables.
//!
//! The statements are the gateway's own. For SQLite, each logged statement is explained; PostgreSQL itself counts
//! which rows it reads, and how.

mod postgres;
mod sqlite;

use anyhow::{Result, ensure};
use isogloss_testkit::Gateway;

pub(super) use self::postgres::{database, judge as of_postgres};
pub(super) use self::sqlite::judge as of_sqlite;
use super::users;
use crate::dialects::{ALL, bimplus, check};
use crate::gateways::Setting;
use crate::wire::Wire;

const COST: Setting = ("ISOGLOSS__PASSWORDS__BCRYPT_COST", "4");
/// Number of users that log in, and of names that no user has.
const MANY: usize = 50;

/// Sends logins and logouts of each dialect, checks, wrong passwords and unknown names. Returns the number of
/// requests.
fn exercise(gateway: &Gateway) -> Result<usize> {
    let mut wire = Wire::open(gateway.public())?;
    let mut asked = 0;
    let mut ask = |request: &str, status: u16| {
        asked += 1;
        let answer = wire.ask(request)?;
        ensure!(answer.status == status, "{} for {status}", answer.status);
        Ok(answer)
    };
    for login in users::logins(2 * MANY, users::COSTS[0], MANY) {
        let token = ask(&login, 200)?.member("access_token")?;
        ask(&check(&token), 200)?;
    }
    for number in 0..MANY {
        ask(&bimplus(&format!("nobody{number}"), "wrong"), 401)?;
        ask(&bimplus(&format!("user{}", number + 1), "wrong"), 401)?;
    }
    for dialect in ALL {
        let token = dialect.token_in(&ask(&dialect.login(), 200)?)?;
        ask(&dialect.logout(&token), 200)?;
    }
    Ok(asked)
}
