//! `isogloss restore`: restores a backup to the configured stores.

mod target;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use isogloss_core::audit::{Event, EventKind};
use serde::Serialize;

use self::target::{Restored, Target};
use super::audited_admin::{self, AuditedAdmin};
use super::backup::manifest::Manifest;
use super::{Outcome, output};
use crate::config::Config;

#[derive(Args)]
#[command(after_help = "\
Examples:
  isogloss restore /var/backups/isogloss/2026-11-29
  isogloss restore backup --replace --json

Stop all gateways first. Every file of the backup is checked before anything is written. The directory
is replaced in one transaction, before the tokens: if that fails, users and tokens stay as they were.
Expired tokens are left out. The tokens may go to a different kind of store than before, but the
directory must be the same kind of database.

An existing pepper is never replaced, nor is the file of audit.to. See docs/backup.md.

Exit codes: 0 done, 1 refused or failed, 2 bad usage or configuration.")]
pub(super) struct Arguments {
    /// Folder that `isogloss backup` has created
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Replace existing users and tokens
    #[arg(long)]
    replace: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Summary {
    made_at: String,
    users: u64,
    #[serde(flatten)]
    restored: Restored,
}

/// Checks the backup and the stores, restores all data, and prints a summary. Returns `Refused` if there is
/// data and `--replace` is not given. Fails if the backup is damaged or a store cannot be written.
pub(super) async fn run(arguments: &Arguments, config: &Config) -> Result<Outcome> {
    let sections = &config.sections;
    let folder = &arguments.folder;
    let manifest = Manifest::verify(folder)?;
    let target = Target::open(folder, &manifest, sections).await?;
    if !arguments.replace
        && let Some(what) = target.occupied().await?
    {
        output::error(format_args!(
            "there are {what} already: use --replace to replace them with the backup"
        ));
        return Ok(Outcome::Refused);
    }
    let restored = target.restore_all().await?;
    let admin = AuditedAdmin {
        directory: target.directory,
        sections,
    };
    let event = Event {
        target: Some(folder.display().to_string()),
        count: restored.tokens,
        ..audited_admin::event(EventKind::Restore)
    };
    admin.record(event).await?;
    for warning in &restored.warnings {
        output::warning(warning);
    }
    let users = manifest.directory.rows.get("users").copied();
    let summary = Summary {
        made_at: manifest.made_at,
        users: users.unwrap_or_default(),
        restored,
    };
    print(&summary, arguments.json)
}

fn print(summary: &Summary, json: bool) -> Result<Outcome> {
    if json {
        output::json(summary)?;
        return Ok(Outcome::Done);
    }
    let Summary {
        made_at,
        users,
        restored,
    } = summary;
    let tokens = match (restored.tokens, restored.expired) {
        (None, _) => "no tokens".to_owned(),
        (Some(tokens), 0) => format!("{tokens} tokens"),
        (Some(tokens), expired) => format!("{tokens} tokens ({expired} had expired)"),
    };
    output::text(format_args!(
        "the backup of {made_at} is restored: {users} users, {tokens}"
    ))?;
    for file in &restored.written {
        output::text(format_args!("wrote {}", file.display()))?;
    }
    Ok(Outcome::Done)
}
