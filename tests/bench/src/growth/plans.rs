//! What the databases do for a login and a check: by an index, or by reading a whole table.
//!
//! The statements are the gateway's own. SQLite is asked for its plan of each one that a gateway logs;
//! PostgreSQL counts by itself which rows it has read, and how.

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
/// How many users log in, and how many names nobody has.
const MANY: usize = 50;

/// Logins and log-outs through each dialect, checks, wrong passwords and names that nobody has. How many
/// requests that were.
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
