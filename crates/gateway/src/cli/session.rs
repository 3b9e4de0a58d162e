//! `isogloss session`: lists and ends sessions.

use anyhow::Result;
use clap::builder::RangedU64ValueParser;
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::json;

use super::{Outcome, audited_admin, output};
use ureq::http::Method;

use crate::admin::sessions::{LIMIT, SessionQuery, SessionView};
use crate::bootstrap::components::Components;
use crate::cli::local_or_remote::local_or_remote;
use crate::config::{Config, ConfigError};
use crate::management_client::Gateway;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List live sessions, latest login first
    #[command(after_help = "\
Examples:
  isogloss session list --user ada
  isogloss session list --dialect bimplus --limit 1000 --json

Lists identify a session by its handle, which is not a credential.

Tokens in Redis are read directly. The embedded store belongs to the running gateway, so the command
sends its request to the management listener, with a key of the realm `admin`.")]
    List {
        #[command(flatten)]
        filter_args: SessionFilterArgs,
        /// Maximum number of entries
        #[arg(long, default_value_t = LIMIT, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
        limit: usize,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        gateway: Gateway,
    },
    /// End sessions that match all given filters, and the sessions derived from them
    #[command(after_help = "\
Examples:
  isogloss session revoke --handle uws2ljnfuws2ljnfuws2ljnfuu
  isogloss session revoke --user ada --client tablet
  isogloss session revoke --dialect memsource --issued-before 2026-11-22T09:00:00Z
  isogloss session revoke --all

A session ends together with the sessions derived from it: those handed over by a one-time token,
those opened with a remember-me token, and those in which an administrator acts for another user.
To end a login with everything derived from it, use the handle that `session list --json` shows as
`root`, even if that session has already ended.")]
    Revoke {
        #[command(flatten)]
        filter_args: SessionFilterArgs,
        /// End all sessions
        #[arg(long)]
        all: bool,
        /// End only the matching sessions, not those derived from them
        #[arg(long)]
        without_derived: bool,
        /// Print the count as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        gateway: Gateway,
    },
}

#[derive(Args)]
pub(super) struct SessionFilterArgs {
    /// Sessions of this user (name or e-mail address), or in which this user acts for another
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Only the entry with this handle
    #[arg(long)]
    handle: Option<String>,
    /// Sessions of this device or program
    #[arg(long)]
    client: Option<String>,
    /// Sessions of this dialect
    #[arg(long)]
    dialect: Option<String>,
    /// Sessions issued before this time, such as 2026-11-22T09:00:00Z
    #[arg(long, value_name = "TIME")]
    issued_before: Option<String>,
}

pub(super) async fn run(command: Command, config: &Config) -> Result<Outcome> {
    match command {
        Command::List {
            filter_args,
            limit,
            json,
            gateway,
        } => {
            let query = SessionQuery {
                limit: Some(limit),
                ..filter_args.into()
            };
            let sessions = list(&query, &gateway, config).await?;
            if json {
                output::json(&sessions)?;
            } else {
                print(&sessions)?;
            }
        }
        Command::Revoke {
            filter_args,
            all,
            without_derived,
            json,
            gateway,
        } => {
            let query = SessionQuery {
                all,
                without_derived,
                ..filter_args.into()
            };
            if !query.is_explicit() {
                let reason =
                    "choose sessions with filters such as --user or --handle, or give --all";
                return Err(ConfigError::new("session revoke", reason).into());
            }
            let ended = end(&query, &gateway, config).await?;
            if json {
                output::json(&json!({ "ended": ended }))?;
            } else {
                output::text(format_args!("{ended} ended"))?;
            }
            if ended == 0 {
                return Ok(Outcome::Refused);
            }
        }
    }
    Ok(Outcome::Done)
}

#[derive(Deserialize)]
struct Sessions {
    sessions: Vec<SessionView>,
}

#[derive(Deserialize)]
struct Ended {
    ended: u64,
}

/// Returns the sessions that match the query. Fails if the query is invalid, or the store or the gateway is
/// unreachable.
async fn list(
    query: &SessionQuery,
    gateway: &Gateway,
    config: &Config,
) -> Result<Vec<SessionView>> {
    query.parse()?;
    let local = async |opened: Components| {
        let filter = query.filter(opened.directory.as_ref()).await?;
        let limit = query.limit.unwrap_or(LIMIT);
        let listed = opened.into_auth().sessions(&filter, limit).await?;
        listed.into_iter().map(SessionView::new).collect()
    };
    local_or_remote(config, gateway, local, |remote| {
        let Sessions { sessions } = remote.call(&Method::GET, "sessions", query)?;
        Ok(sessions)
    })
    .await
}

/// Ends the sessions that match the query, and returns their number. Fails if the query is invalid, or the
/// store or the gateway is unreachable.
pub(super) async fn end(query: &SessionQuery, gateway: &Gateway, config: &Config) -> Result<u64> {
    query.parse()?;
    let local = async |opened: Components| {
        let filter = query.filter(opened.directory.as_ref()).await?;
        let auth = opened.into_auth();
        let ended = auth.end_sessions(&filter).await;
        audited_admin::flush_audit(auth.audit()).await;
        Ok(ended?)
    };
    local_or_remote(config, gateway, local, |remote| {
        let Ended { ended } = remote.call(&Method::DELETE, "sessions", query)?;
        Ok(ended)
    })
    .await
}

impl From<SessionFilterArgs> for SessionQuery {
    fn from(filter_args: SessionFilterArgs) -> Self {
        Self {
            user: filter_args.user,
            handle: filter_args.handle,
            client: filter_args.client,
            dialect: filter_args.dialect,
            issued_before: filter_args.issued_before,
            all: false,
            without_derived: false,
            limit: None,
            after: None,
        }
    }
}

fn print(sessions: &[SessionView]) -> Result<()> {
    let rows: Vec<_> = sessions
        .iter()
        .map(|session| {
            vec![
                session.handle.clone(),
                session.dialect.clone(),
                session.user.clone(),
                session.purpose.clone(),
                session.actor.clone().unwrap_or_default(),
                session.client.clone().unwrap_or_default(),
                session.login_address.clone().unwrap_or_default(),
                session.used_at.clone(),
                session.expires_at.clone(),
            ]
        })
        .collect();
    let heading = [
        "HANDLE",
        "DIALECT",
        "USER",
        "PURPOSE",
        "ACTOR",
        "CLIENT",
        "FROM",
        "LAST USED",
        "EXPIRES",
    ];
    output::table(&heading, &rows)
}
