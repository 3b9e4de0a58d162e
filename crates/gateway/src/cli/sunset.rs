//! `isogloss sunset`: reports which clients and users still use a dialect.

mod days;
mod users;

use anyhow::Result;
use clap::{Args, Subcommand};
use isogloss_core::{Clock as _, SystemClock};
use serde_json::json;
use time::OffsetDateTime;

use super::{Outcome, output};
use crate::admin::timestamp;
use crate::bootstrap::components;
use crate::config::{Config, ConfigError};
use crate::dialects;
use crate::usage::report::{ClientUsageView, Report, reports};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Show what breaks if a dialect is switched off
    #[command(after_help = "\
Examples:
  isogloss sunset report
  isogloss sunset report --dialect bimplus --since 30days
  isogloss sunset report --dialect crmcom --json
  isogloss sunset report --dialect bimplus --users --since 30days
  isogloss sunset report --days --since 2026-09-01T00:00:00Z

The report is read from the directory's database, to which every gateway writes its counts every
usage.flush_interval. The verdict counts only clients that logged in successfully. Clients with which
no user has logged in share the row (unknown). Users are counted exactly up to 128, and above that
with an error of 3 %.

A hint names a client that keeps sending expired tokens: it may expect a longer lifetime.

With --since, the report leaves out clients that were not seen since then. Calls and users are counted
from FIRST on.

With --users, it lists who used each dialect, by name, the last use first, which is at most an hour
too early. With --days, it lists calls, logins, clients and users of each day, in UTC; by default, of the last 90 days.")]
    Report(Arguments),
}

#[derive(Args)]
pub(super) struct Arguments {
    /// Only this dialect
    #[arg(long, value_parser = dialects::names())]
    dialect: Option<String>,
    /// Only clients seen since then: an age such as 1h or 30days, or a time such as 2026-11-22T09:00:00Z
    #[arg(long, value_name = "AGE|TIME")]
    since: Option<String>,
    /// List who used the dialects, by name
    #[arg(long, conflicts_with = "days")]
    users: bool,
    /// List how often the dialects were used, day by day
    #[arg(long)]
    days: bool,
    /// Maximum number of users of each dialect
    #[arg(long, requires = "users", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: Command, config: &Config) -> Result<Outcome> {
    let Command::Report(Arguments {
        dialect,
        since,
        users,
        days,
        limit,
        json,
    }) = command;
    let now = SystemClock.now();
    let since = since.map(|text| {
        let since = timestamp::parse_timestamp_or_age(&text, now);
        since.ok_or_else(|| ConfigError::new("--since", timestamp::EXPECTED))
    });
    let since = since.transpose()?;
    let dialects = dialects::served(&config.mounts, dialect.as_deref());
    let dialects = dialects
        .map_err(|names| ConfigError::new("--dialect", format!("expected one of {names}")))?;
    let directory = components::directory(&config.sections).await?;
    let names: Vec<_> = dialects.iter().map(|(name, _)| name.clone()).collect();
    if users {
        users::list(directory.as_ref(), &names, (since, limit), json).await?;
        return Ok(Outcome::Done);
    }
    if days {
        days::list(directory.as_ref(), &names, (since, now), json).await?;
        return Ok(Outcome::Done);
    }
    let rows = directory.usage(since.unwrap_or(OffsetDateTime::UNIX_EPOCH));
    let (rows, last_uses) = (rows.await?, directory.last_uses(&names).await?);
    let reports = reports(rows, &last_uses, &dialects, now);
    if json {
        output::json(&json!({ "dialects": reports }))?;
    } else {
        if !config.sections.usage.enabled {
            output::error(
                "usage.enabled is false: the gateway counts nothing, so the report shows past use only",
            );
        }
        for report in &reports {
            print(report)?;
        }
    }
    Ok(Outcome::Done)
}

fn print(report: &Report) -> Result<()> {
    let off = if report.enabled { "" } else { " (off)" };
    output::text(format_args!("{}{off}: {}", report.dialect, report.verdict))?;
    if report.clients.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = report.clients.iter().map(row).collect();
    let heading = [
        "  LAST SEEN",
        "FIRST",
        "CLIENT",
        "USER AGENT",
        "NETWORK",
        "CALLS",
        "REFUSED",
        "USERS",
        "ENDPOINTS",
    ];
    output::table(&heading, &rows)?;
    for shown in &report.clients {
        if let Some(hint) = &shown.hint {
            let (named, user_agent, network) = (named(shown), &shown.user_agent, &shown.network);
            output::text(format_args!(
                "  hint: {named} {user_agent} {network}: {hint}"
            ))?;
        }
    }
    output::text("")
}

fn named(shown: &ClientUsageView) -> String {
    let named = [
        ("application", &shown.application),
        ("key", &shown.key),
        ("client", &shown.client),
    ];
    let named = named.iter().filter_map(|(what, name)| {
        let name = name.as_ref()?;
        Some(format!("{what} {name}"))
    });
    named.collect::<Vec<_>>().join(", ")
}

fn row(shown: &ClientUsageView) -> Vec<String> {
    vec![
        format!("  {}", shown.last_seen),
        shown.first_seen.clone(),
        named(shown),
        shown.user_agent.clone(),
        shown.network.clone(),
        shown.calls.to_string(),
        shown.refused.to_string(),
        shown.users.to_string(),
        shown.endpoints.join(" "),
    ]
}
