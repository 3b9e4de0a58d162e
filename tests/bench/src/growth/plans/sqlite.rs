//! Query plans of SQLite.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use isogloss_testkit::Store;
use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _, query};
use tokio::runtime::Runtime;

use super::{COST, exercise};
use crate::gateways::{Setting, filled, start_with};
use crate::report::Report;
use crate::targets::Verdict;

const STATEMENTS: Setting = ("ISOGLOSS__LOGGING__LEVEL", "info,sqlx::query=debug");

/// The beginning of the statement that counts users for the metrics, which no request waits for.
const BESIDE: &str = "SELECT authority, adopted_at IS NOT NULL";

/// Judges whether any statement of the gateway reads a whole table.
pub(in crate::growth) fn judge(program: &Path, file: &Path, report: &mut Report) -> Result<()> {
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
        .filter(|statement| !statement.starts_with("PRAGMA") && !statement.starts_with(BESIDE))
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
        "tables that SQLite reads as a whole for a login or a check",
        scans,
    ));
    Ok(())
}

/// Returns the SQL statement in a log line, with single spaces. `None` if there is none.
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

/// Returns how many tables are read as a whole. A scan for `LIMIT 1` does not count: it ends after its first row. Nor
/// does that of `named`, which is the one identifier that a name stands for.
fn scans_in(statement: &str, steps: &[String]) -> usize {
    let of_one_row =
        statement.matches("LIMIT 1)").count() + usize::from(statement.ends_with("LIMIT 1"));
    let scans = steps.iter().filter(|step| step.starts_with("SCAN "));
    let rows = ["SCAN CONSTANT ROW", "SCAN named"];
    let scans = scans.filter(|step| !rows.contains(&step.as_str())).count();
    scans.saturating_sub(of_one_row)
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
        let rows = steps(&["SCAN CONSTANT ROW", "SCAN named"]);
        assert_eq!(scans_in("SELECT 1", &rows), 0);
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
