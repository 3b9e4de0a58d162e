//! What the databases do for a login and a check: by an index, or by reading a whole table.
//!
//! The statements are the gateway's own. SQLite is asked for its plan of each one that a gateway logs;
//! PostgreSQL counts by itself which rows it has read, and how.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use conformance::{Gateway, Postgres, Store};
use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _, query};
use std::collections::BTreeSet;
use tokio::runtime::Runtime;

use super::{grouped, users};
use crate::dialects::{ALL, bimplus, check};
use crate::gateways::{Setting, filled, start_with};
use crate::report::Report;
use crate::targets::{Verdict, at_most};
use crate::wire::Wire;

const STATEMENTS: Setting = ("ISOGLOSS__LOGGING__LEVEL", "info,sqlx::query=debug");
const COST: Setting = ("ISOGLOSS__PASSWORDS__BCRYPT_COST", "4");
/// How many users log in, and how many names nobody has.
const MANY: usize = 50;
/// A table with fewer rows is read as fast as an index of it.
const LARGE: u64 = 1_000;
/// Read and written beside the requests, every few seconds, and never larger than `usage.max_rows`.
const BESIDE: &str = "usage";

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

pub(super) fn of_sqlite(program: &Path, file: &Path, report: &mut Report) -> Result<()> {
    let gateway = start_with(program, Store::Memory, |builder| {
        let builder = filled(builder, &format!("sqlite:{}", file.display()));
        builder.env(STATEMENTS.0, STATEMENTS.1).env(COST.0, COST.1)
    })?;
    let before = gateway.log().len();
    exercise(&gateway)?;
    let log = gateway.log();
    let statements: BTreeSet<_> = log[before..]
        .iter()
        .filter_map(|line| statement(line))
        .filter(|statement| !statement.starts_with("PRAGMA"))
        .collect();
    ensure!(!statements.is_empty(), "the gateway logs no statement");
    let mut scans = 0;
    Runtime::new()?.block_on(async {
        let mut connection = SqliteConnectOptions::new().filename(file).connect().await?;
        for statement in &statements {
            let steps = plan(&mut connection, statement).await?;
            scans += scans_in(statement, &steps);
            report.line(&format!("SQLite: `{statement}`: {}.", steps.join("; ")));
        }
        anyhow::Ok(())
    })?;
    report.judge(none(
        "tables that SQLite reads whole for a login or a check",
        scans,
    ));
    Ok(())
}

/// The statement that a line of the log tells of, with single spaces.
fn statement(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    let fields = line.get("fields")?;
    let whole = fields.get("db.statement").and_then(Value::as_str);
    let whole = whole.filter(|text| !text.trim().is_empty());
    let text = whole.or_else(|| fields.get("summary")?.as_str())?;
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

async fn plan(connection: &mut SqliteConnection, statement: &str) -> Result<Vec<String>> {
    let explain = format!("EXPLAIN QUERY PLAN {statement}");
    let rows = query(AssertSqlSafe(explain)).fetch_all(connection).await;
    let rows = rows.with_context(|| format!("the plan of {statement}"))?;
    let steps = rows.iter().map(|row| row.try_get("detail"));
    Ok(steps.collect::<Result<_, _>>()?)
}

/// How many tables are read whole. One that is left after its first row is not.
fn scans_in(statement: &str, steps: &[String]) -> usize {
    let of_one_row =
        statement.matches("LIMIT 1)").count() + usize::from(statement.ends_with("LIMIT 1"));
    let scans = steps.iter().filter(|step| step.starts_with("SCAN "));
    let scans = scans.filter(|step| *step != "SCAN CONSTANT ROW").count();
    scans.saturating_sub(of_one_row)
}

/// The name at the end of an address.
pub(super) fn database(url: &str) -> Result<&str> {
    Ok(url.rsplit_once('/').context("the database")?.1)
}

pub(super) fn of_postgres(
    program: &Path,
    postgres: &Postgres,
    url: &str,
    report: &mut Report,
) -> Result<()> {
    let run = |what: fn(&Gateway) -> Result<usize>| {
        let mut gateway = start_with(program, Store::Memory, |builder| {
            filled(builder, url).env(COST.0, COST.1)
        })?;
        let asked = what(&gateway)?;
        // The server counts what a connection did when the connection ends.
        gateway.terminate()?;
        Ok::<_, anyhow::Error>((asked, read_rows(postgres, database(url)?)?))
    };
    let (_, before) = run(|_| Ok(0))?;
    let (_, idle) = run(|_| Ok(0))?;
    let (asked, after) = run(exercise)?;
    let mut scanned = 0;
    for (index, table) in after.iter().enumerate() {
        // What a start reads is not what a request reads.
        let of_start = |part: fn(&Rows) -> u64| part(&idle[index]) - part(&before[index]);
        let of_requests = |part: fn(&Rows) -> u64| {
            (part(table) - part(&idle[index])).saturating_sub(of_start(part))
        };
        let (by_scan, by_index) = (
            of_requests(|rows| rows.by_scan),
            of_requests(|rows| rows.by_index),
        );
        if table.all >= LARGE && table.name != BESIDE {
            scanned += by_scan;
            report.line(&format!(
                "PostgreSQL, {asked} requests: of the {} rows of `{}`, {by_index} were read by an index and {by_scan} without.",
                grouped(usize::try_from(table.all)?),
                table.name
            ));
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "they are few")]
    let each = scanned as f64 / asked as f64;
    report.judge(at_most(
        "rows of large tables that PostgreSQL reads without an index, each request",
        "rows",
        each,
        1.0,
    ));
    Ok(())
}

/// Rows of one table that were read so far.
struct Rows {
    name: String,
    all: u64,
    by_scan: u64,
    by_index: u64,
}

fn read_rows(postgres: &Postgres, database: &str) -> Result<Vec<Rows>> {
    let told = postgres.sql(
        database,
        "SELECT relname, n_live_tup, seq_tup_read, coalesce(idx_tup_fetch, 0)
         FROM pg_stat_user_tables ORDER BY relname",
    )?;
    told.lines().map(rows).collect()
}

fn rows(line: &str) -> Result<Rows> {
    let mut columns = line.split('|');
    let mut next = || columns.next().context("a column is missing");
    Ok(Rows {
        name: next()?.to_owned(),
        all: next()?.parse()?,
        by_scan: next()?.parse()?,
        by_index: next()?.parse()?,
    })
}

fn none(what: &str, many: usize) -> Verdict {
    Verdict {
        what: what.to_owned(),
        target: "none".to_owned(),
        measured: many.to_string(),
        is_met: many == 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_that_ends_with_its_first_row_is_none() {
        let steps = |steps: &[&str]| {
            steps
                .iter()
                .map(|&step| step.to_owned())
                .collect::<Vec<_>>()
        };
        let scan = steps(&["SEARCH u USING INDEX x (id=?)", "SCAN users"]);
        assert_eq!(scans_in("SELECT 1 FROM a WHERE b = ?", &scan), 1);
        assert_eq!(scans_in("SELECT (SELECT id FROM users LIMIT 1)", &scan), 0);
        assert_eq!(scans_in("SELECT 1", &steps(&["SCAN CONSTANT ROW"])), 0);
    }

    #[test]
    fn a_table_without_an_index_is_noticed() {
        let plan_of = |table: &'static str| {
            Runtime::new().unwrap().block_on(async {
                let mut connection = SqliteConnectOptions::new().connect().await.unwrap();
                query(table).execute(&mut connection).await.unwrap();
                let login = "SELECT user FROM logins WHERE login = ?1";
                let steps = plan(&mut connection, login).await.unwrap();
                scans_in(login, &steps)
            })
        };
        assert_eq!(
            plan_of("CREATE TABLE logins (login TEXT PRIMARY KEY, user TEXT)"),
            0
        );
        assert_eq!(plan_of("CREATE TABLE logins (login TEXT, user TEXT)"), 1);
    }

    #[test]
    fn statements_are_read_from_the_log() {
        let line = r#"{"target":"sqlx::query","fields":{"summary":"SELECT a","db.statement":"\n\nSELECT\n  a\n"}}"#;
        assert_eq!(statement(line).unwrap(), "SELECT a");
        let line = r#"{"fields":{"summary":"SELECT 1","db.statement":""}}"#;
        assert_eq!(statement(line).unwrap(), "SELECT 1");
        assert_eq!(statement(r#"{"fields":{"message":"x"}}"#), None);
    }
}
