//! `isogloss throttle`: lists and clears counted attempts.

use std::net::IpAddr;

use anyhow::{Error, Result};
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::json;

use super::{Outcome, audited_admin, output};
use ureq::http::Method;

use crate::admin::throttle::{LIMIT, ThrottleQuery, ThrottleView, format_place};
use crate::bootstrap::components::Components;
use crate::cli::local_or_remote::local_or_remote;
use crate::config::{Config, ConfigError};
use crate::management_client::Gateway;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List counted attempts, running locks first
    #[command(after_help = "\
Examples:
  isogloss throttle list --user ada
  isogloss throttle list --source 192.0.2.7 --json

Names are not stored, so the list contains none. --user finds a name as it was typed at the login.
At most the latest 100,000 counts and locks are listed.

With tokens in Redis, the counts are read from there. Otherwise they belong to the running gateway,
so the command sends its request to the management listener, with a key of the realm `admin`.")]
    List {
        #[command(flatten)]
        filter_args: ThrottleFilterArgs,
        #[command(flatten)]
        list_args: ThrottleListArgs,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        gateway: Gateway,
    },
    /// Clear counted attempts and their locks that match all given filters
    #[command(after_help = "\
Examples:
  isogloss throttle clear --user ada
  isogloss throttle clear --source 192.0.2.7
  isogloss throttle clear --all")]
    Clear {
        #[command(flatten)]
        filter_args: ThrottleFilterArgs,
        /// Clear all counted attempts
        #[arg(long)]
        all: bool,
        /// Print the count as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        gateway: Gateway,
    },
}

#[derive(Args)]
pub(super) struct ThrottleFilterArgs {
    /// For this login name, as it was typed
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// For this address, or its network
    #[arg(long, value_name = "ADDRESS")]
    source: Option<IpAddr>,
    /// Only the entry with this handle
    #[arg(long)]
    handle: Option<String>,
}

#[derive(Args)]
pub(super) struct ThrottleListArgs {
    /// Counts of this kind, as the list shows it in COUNTS
    #[arg(long)]
    kind: Option<String>,
    /// Only running locks
    #[arg(long)]
    locked: bool,
    /// Maximum number of entries; default: all
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
}

#[derive(Deserialize)]
struct Listed {
    throttle: Vec<ThrottleView>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Cleared {
    cleared: u64,
}

pub(super) async fn run(command: Command, config: &Config) -> Result<Outcome> {
    match command {
        Command::List {
            filter_args,
            list_args,
            json,
            gateway,
        } => {
            let query = ThrottleQuery {
                kind: list_args.kind,
                locked: list_args.locked.then_some(true),
                limit: list_args.limit.map(usize::try_from).transpose()?,
                ..filter_args.into()
            };
            let shown = list(&query, &gateway, config).await?;
            if json {
                output::json(&shown)?;
            } else {
                print(&shown)?;
            }
        }
        Command::Clear {
            filter_args,
            all,
            json,
            gateway,
        } => {
            let query = ThrottleQuery {
                all,
                ..filter_args.into()
            };
            if !query.is_explicit() {
                let reason = "choose entries with --user, --source or --handle, or give --all";
                return Err(ConfigError::new("throttle clear", reason).into());
            }
            let cleared = clear(&query, &gateway, config).await?;
            if json {
                output::json(&json!({ "cleared": cleared }))?;
            } else {
                output::text(format_args!("{cleared} cleared"))?;
            }
            if cleared == 0 {
                return Ok(Outcome::Refused);
            }
        }
    }
    Ok(Outcome::Done)
}

/// Returns the counted attempts that match the query, read page by page. Fails if the query is invalid, or the store or
/// the gateway is unreachable.
async fn list(
    query: &ThrottleQuery,
    gateway: &Gateway,
    config: &Config,
) -> Result<Vec<ThrottleView>> {
    query.to_list().map_err(Error::msg)?;
    let pages = || Pages {
        most: query.limit.unwrap_or(usize::MAX),
        query: query.clone(),
        found: Vec::new(),
    };
    let local = async |opened: Components| {
        let (auth, mut pages) = (opened.into_auth(), pages());
        loop {
            let listed = pages.next_query().to_list().map_err(Error::msg)?;
            let page = auth.throttle_page(&listed).await?;
            let throttle: Result<Vec<_>> =
                page.buckets.into_iter().map(ThrottleView::new).collect();
            let (throttle, next) = (throttle?, page.next.map(format_place));
            if !pages.add(Listed { throttle, next }) {
                return Ok(pages.found);
            }
        }
    };
    local_or_remote(config, gateway, local, |remote| {
        let mut pages = pages();
        loop {
            let listed = remote.call(&Method::GET, "throttle", &pages.next_query())?;
            if !pages.add(listed) {
                return Ok(pages.found);
            }
        }
    })
    .await
}

/// A list that is read page by page.
struct Pages {
    most: usize,
    query: ThrottleQuery,
    found: Vec<ThrottleView>,
}

impl Pages {
    /// Returns the query of the next page, which has no more entries than are missing.
    fn next_query(&self) -> ThrottleQuery {
        let missing = self.most.saturating_sub(self.found.len());
        ThrottleQuery {
            limit: Some(missing.min(LIMIT)),
            ..self.query.clone()
        }
    }

    /// Adds a page. Returns whether another one must be read.
    fn add(&mut self, listed: Listed) -> bool {
        self.found.extend(listed.throttle);
        self.query.after = listed.next;
        self.query.after.is_some() && self.found.len() < self.most
    }
}

/// Clears the counted attempts that match the query, and returns their number. Fails if the query is invalid,
/// or the store or the gateway is unreachable.
async fn clear(query: &ThrottleQuery, gateway: &Gateway, config: &Config) -> Result<u64> {
    let filter = query.to_clear().map_err(Error::msg)?;
    let local = async |opened: Components| {
        let auth = opened.into_auth();
        let cleared = auth.clear_throttle(&filter).await;
        audited_admin::flush_audit(auth.audit()).await;
        Ok(cleared?)
    };
    local_or_remote(config, gateway, local, |remote| {
        let Cleared { cleared } = remote.call(&Method::DELETE, "throttle", query)?;
        Ok(cleared)
    })
    .await
}

impl From<ThrottleFilterArgs> for ThrottleQuery {
    fn from(filter_args: ThrottleFilterArgs) -> Self {
        Self {
            user: filter_args.user,
            source: filter_args.source,
            handle: filter_args.handle,
            ..Self::default()
        }
    }
}

fn print(shown: &[ThrottleView]) -> Result<()> {
    let rows: Vec<_> = shown
        .iter()
        .map(|shown| {
            vec![
                shown.handle.clone(),
                shown.kind.clone(),
                shown.network.clone().unwrap_or_default(),
                shown.locks.to_string(),
                shown.locked_until.clone().unwrap_or_default(),
                shown.forgotten_at.clone(),
            ]
        })
        .collect();
    let heading = [
        "HANDLE",
        "COUNTS",
        "FROM",
        "LOCKS",
        "LOCKED UNTIL",
        "FORGOTTEN",
    ];
    output::table(&heading, &rows)
}
