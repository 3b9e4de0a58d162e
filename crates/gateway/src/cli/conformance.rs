//! `isogloss conformance`: runs the documented exchanges against a host.

mod junit;
mod outcome;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::Args;
use isogloss_conformance::{Case, Host, cases, read_cases};
use toml::Table;

use self::outcome::{ExchangeResult, Verdict};
use super::{Outcome, output};
use crate::config::{Config, ConfigError};

#[derive(Args)]
#[command(after_help = "\
Examples:
  isogloss conformance --base http://127.0.0.1:8080
  isogloss conformance --base https://login.example.com --dialect bimplus --junit bimplus.xml
  isogloss conformance --base http://127.0.0.1:8080 --dialect crmcom --case release --json
  isogloss conformance --base https://login.example.com --exchanges own-exchanges
  SSL_CERT_FILE=own-ca.pem isogloss conformance --base https://staging.internal/legacy

The host must have the users of the demo directory, config/demo-directory.toml, and must not be in
production: the exchanges log in, log out and request e-mails. The report of a failed exchange
contains the request and the response, including tokens.

Exchanges that need certain settings are skipped. To include them, give the configuration of the host
with --config.

Exit codes: 0 all passed, 1 one failed or the host is unreachable, 2 bad usage.")]
pub(super) struct Arguments {
    /// Base URL of the host's routes
    #[arg(long, value_name = "URL")]
    base: String,
    /// Folder with exchanges, DIALECT/NAME.toml, to run instead of the documented ones
    #[arg(long, value_name = "FOLDER")]
    exchanges: Option<PathBuf>,
    /// Run only exchanges of this dialect; may repeat
    #[arg(long, value_name = "NAME")]
    dialect: Vec<String>,
    /// Run only exchanges with this text in their name; may repeat
    #[arg(long, value_name = "PART")]
    case: Vec<String>,
    /// File for the report in JUnit XML
    #[arg(long, value_name = "FILE", default_value = "conformance.xml")]
    junit: PathBuf,
    /// Print the results as JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// Runs the selected exchanges against the host, and prints and writes the results. Returns `Refused` if one failed.
/// Fails if the arguments are invalid, the host is unreachable, or the results cannot be written.
pub(super) fn run(arguments: &Arguments, config: &Config) -> Result<Outcome> {
    let base = arguments.base.parse();
    let host: Host = base.map_err(|failure| ConfigError::new("--base", failure))?;
    let cases = chosen(arguments)?;
    host.check_reachable().context("the host is unreachable")?;

    let set: Table = config.show()?.parse()?;
    let all = cases.len();
    let mut results = Vec::with_capacity(all);
    for (index, case) in cases.into_iter().enumerate() {
        let line = format_args!("{} of {all} exchanges", index + 1);
        output::progress(line, index + 1 == all);
        results.push(run_exchange(case, &host, &set));
    }
    junit::write(&arguments.junit, &host, &results)?;
    if arguments.json {
        output::json(&results)?;
    } else {
        print(&results, &arguments.junit)?;
    }
    let failed = results.iter().any(|result| result.verdict.is_failed());
    Ok(if failed {
        Outcome::Refused
    } else {
        Outcome::Done
    })
}

/// Returns the exchanges of a folder. Fails if a file is invalid, or if there is none.
fn read(folder: &Path) -> Result<Vec<Case>, ConfigError> {
    let refused = |reason: String| ConfigError::new("--exchanges", reason);
    let cases = read_cases(folder).map_err(|error| refused(error.to_string()))?;
    if cases.is_empty() {
        let folder = folder.display();
        let reason = format!("no exchange in {folder}, expected <dialect>/<name>.toml");
        return Err(refused(reason));
    }
    Ok(cases)
}

/// Returns the selected exchanges. Fails if no exchange matches the arguments.
fn chosen(arguments: &Arguments) -> Result<Vec<Case>> {
    let mut cases = match &arguments.exchanges {
        None => cases()?,
        Some(folder) => read(folder)?,
    };
    let mut dialects: Vec<_> = cases.iter().map(|case| case.dialect.clone()).collect();
    dialects.dedup();
    if let Some(other) = arguments.dialect.iter().find(|d| !dialects.contains(d)) {
        let known = dialects.join(", ");
        let reason = format!("no `{other}`, expected one of {known}");
        return Err(ConfigError::new("--dialect", reason).into());
    }
    let is_wanted = |case: &Case| {
        let (dialects, parts) = (&arguments.dialect, &arguments.case);
        (dialects.is_empty() || dialects.contains(&case.dialect))
            && (parts.is_empty() || parts.iter().any(|part| case.name.contains(part)))
    };
    cases.retain(is_wanted);
    if cases.is_empty() {
        let parts = arguments.case.join("` or `");
        let reason = format!("no exchange has `{parts}` in its name");
        return Err(ConfigError::new("--case", reason).into());
    }
    Ok(cases)
}

/// Runs an exchange, and returns its result. Skips an exchange that needs settings which `set` does not have.
fn run_exchange(case: Case, host: &Host, set: &Table) -> ExchangeResult {
    let needed = case.conversation.settings();
    let started = Instant::now();
    let verdict = if has_settings(needed, set) {
        case.conversation.run(host).into()
    } else {
        Verdict::Skipped(needed.clone())
    };
    ExchangeResult {
        case,
        verdict,
        took: started.elapsed(),
    }
}

/// Returns whether `set` has every setting of `needed` with the same value.
fn has_settings(needed: &Table, set: &Table) -> bool {
    needed.iter().all(|(key, needed)| {
        set.get(key).is_some_and(|set| match (needed, set) {
            (toml::Value::Table(needed), toml::Value::Table(set)) => has_settings(needed, set),
            (needed, set) => needed == set,
        })
    })
}

/// Prints the results as a table, the reports of failed exchanges, the number of exchanges with each verdict, and the
/// path of the JUnit report. Fails if the standard output cannot be written.
fn print(results: &[ExchangeResult], junit: &Path) -> Result<()> {
    let rows: Vec<_> = results.iter().map(ExchangeResult::row).collect();
    output::table(&["OUTCOME", "DIALECT", "EXCHANGE"], &rows)?;
    for result in results {
        if let Verdict::Failed(report) = &result.verdict {
            let (dialect, name) = (&result.case.dialect, &result.case.name);
            output::lines(format_args!("\n=== {dialect} {name}\n{report}"))?;
        }
    }
    let count = |name| results.iter().filter(|h| h.verdict.name() == name).count();
    output::lines(format_args!(
        "\n{} ok, {} failed, {} left out; the report is {}",
        count("ok"),
        count("failed"),
        count("left out"),
        junit.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_must_be_set_so() {
        let table = |text: &str| text.parse::<Table>().unwrap();
        let set = table("a = 1\nb = { c = true, d = \"5m\" }");
        for (needed, expected) in [
            ("", true),
            ("a = 1", true),
            ("b = { c = true }", true),
            ("b = { d = \"5m\", c = true }", true),
            ("a = 2", false),
            ("b = { c = false }", false),
            ("b = { e = 1 }", false),
            ("b = 1", false),
        ] {
            assert_eq!(has_settings(&table(needed), &set), expected, "{needed}");
        }
    }
}
