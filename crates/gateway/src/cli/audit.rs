//! `isogloss audit`: lists recorded events.

mod file;

use std::net::IpAddr;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use isogloss_core::audit::{EventFilter, EventKind, EventSearch, Outcome as EventOutcome, Subject};
use isogloss_core::directory::Directory;
use isogloss_core::{ClientIp, Clock as _, SystemClock};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Outcome, output};
use crate::admin::timestamp;
use crate::admin::user_names::UserNames;
use crate::bootstrap::components;
use crate::config::{Config, ConfigError, LogTarget, Sections};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List recorded events, latest first
    #[command(after_help = "\
Examples:
  isogloss audit list --since 1h
  isogloss audit list --user ada --event login
  isogloss audit list --outcome refused --dialect crmcom --source 192.0.2.7 --until 1h
  isogloss audit list --since 2026-11-22T09:00:00Z --limit 1000 --json

Events are read from the directory's database with audit.database = true, otherwise from the file of
audit.to. Rotated files are not read.

Names of failed logins are not stored, only their hashes, shown with a #. --user finds attempts with
that name and with the user's other name, events about the user, and the user's acts as an
administrator.")]
    List(List),
}

#[derive(Args)]
pub(super) struct List {
    /// Events of this user (name, e-mail address or identifier), or attempts with this name
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Events of this kind
    #[arg(long, value_parser = EventKind::ALL.map(EventKind::name))]
    event: Option<String>,
    /// Events since then: an age such as 1h or 30days, or a time such as 2026-11-22T09:00:00Z
    #[arg(long, value_name = "AGE|TIME")]
    since: Option<String>,
    /// Events before then
    #[arg(long, value_name = "AGE|TIME")]
    until: Option<String>,
    /// Events with this outcome
    #[arg(long, value_parser = EventOutcome::ALL.map(EventOutcome::name))]
    outcome: Option<String>,
    /// Events of this dialect
    #[arg(long, value_name = "NAME")]
    dialect: Option<String>,
    /// Events of clients with this address
    #[arg(long, value_name = "ADDRESS")]
    source: Option<IpAddr>,
    /// Maximum number of entries
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints the events that match the arguments, and returns `Done`. Fails if `--since` is invalid, events cannot be
/// read or are not kept anywhere, or the standard output cannot be written.
pub(super) async fn run(command: Command, config: &Config) -> Result<Outcome> {
    let Command::List(list) = command;
    let sections = &config.sections;
    let moment = |option: &'static str, text: &Option<String>| {
        text.as_deref().map(|text| moment(option, text)).transpose()
    };
    let (since, until) = (
        moment("--since", &list.since)?,
        moment("--until", &list.until)?,
    );
    let source = EventSource::from_sections(sections)?;
    let directory = components::directory(sections).await?;
    let directory = directory.as_ref();
    let filter = EventFilter {
        who: match &list.user {
            Some(name) => Some(who(name, directory, sections).await?),
            None => None,
        },
        event: list.event.as_deref().and_then(EventKind::from_name),
        since,
        limit: list.limit,
    };
    let search = EventSearch {
        filter,
        until,
        outcome: list.outcome.as_deref().and_then(EventOutcome::from_name),
        dialect: list.dialect,
        source: list.source.map(|source| ClientIp::from(source).to_string()),
        after: None,
    };
    let events = match source {
        EventSource::Database => {
            let found = directory.search_events(&search).await?.into_iter();
            let events = found.map(|event| serde_json::from_str(&event.line));
            let events: Result<Vec<Value>, _> = events.collect();
            events.context("the audit log cannot be read")?
        }
        EventSource::File(path) => file::find(path, &search)
            .with_context(|| format!("audit.to: cannot read {}", path.display()))?,
    };
    if list.json {
        output::json(&events)?;
    } else {
        print(&events, directory).await?;
    }
    Ok(Outcome::Done)
}

/// Place where events are kept.
enum EventSource<'a> {
    Database,
    File(&'a std::path::Path),
}

impl<'a> EventSource<'a> {
    /// Returns where events are kept. Fails if they are kept neither in the database nor in a file.
    fn from_sections(sections: &'a Sections) -> Result<Self, ConfigError> {
        if sections.audit.database {
            return Ok(Self::Database);
        }
        let reason = match &sections.audit.to {
            LogTarget::File(path) => return Ok(Self::File(path)),
            LogTarget::Stdout => {
                "audit.to is stdout, so the events went to the standard output of the gateway"
            }
            LogTarget::None => "the audit log is off",
        };
        let advice = "set audit.database = true, or audit.to = \"file:PATH\"";
        let reason = format!("{reason}: to list events, {advice}");
        Err(ConfigError::new("audit list", reason))
    }
}

/// Parses the value of an option. Fails if it is neither an age nor a time.
fn moment(option: &'static str, text: &str) -> Result<OffsetDateTime, ConfigError> {
    let moment = timestamp::parse_timestamp_or_age(text, SystemClock.now());
    moment.ok_or_else(|| ConfigError::new(option, timestamp::EXPECTED))
}

/// Returns the identifiers and name hashes by which events may refer to a user with that name. Fails if the
/// directory is unreachable or a pepper cannot be read.
pub(super) async fn who(
    name: &str,
    directory: &dyn Directory,
    sections: &Sections,
) -> Result<Subject> {
    let user = directory.account(name).await?.map(|account| account.user);
    // Without a pepper nothing was hashed yet.
    let peppers = [
        sections.tokens.read_pepper()?,
        sections.tokens.read_previous_pepper()?,
    ];
    let peppers = peppers.iter().flatten();
    Ok(Subject::of_name(name, user.as_ref(), peppers))
}

/// Prints events as a table. Fails if names cannot be looked up or the output cannot be written.
async fn print(events: &[Value], directory: &dyn Directory) -> Result<()> {
    const COLUMNS: [&str; 6] = ["time", "event", "outcome", "reason", "dialect", "source"];
    let mut names = UserNames::new(directory);
    let mut rows = Vec::new();
    for event in events {
        let text = |column: &str| event[column].as_str().unwrap_or_default().to_owned();
        let mut row: Vec<_> = COLUMNS.iter().map(|column| text(column)).collect();
        let hash = text("name_hash");
        row.push(match look_up(&mut names, &text("user")).await? {
            name if name.is_empty() && !hash.is_empty() => format!("#{hash}"),
            name => name,
        });
        row.push(text("organisation"));
        row.push(look_up(&mut names, &text("actor")).await?);
        row.push(text("handle"));
        rows.push(row);
    }
    let heading = [
        "TIME",
        "EVENT",
        "OUTCOME",
        "REASON",
        "DIALECT",
        "FROM",
        "USER",
        "ORGANISATION",
        "BY",
        "HANDLE",
    ];
    output::table(&heading, &rows)
}

/// Returns the name of the user with that identifier; any other text is returned unchanged. Fails if the directory is
/// unreachable.
async fn look_up(names: &mut UserNames<'_>, text: &str) -> Result<String> {
    let name = match Uuid::try_parse(text) {
        Ok(id) => names.name(id).await?,
        Err(_) => None,
    };
    Ok(name.unwrap_or_else(|| text.to_owned()))
}
