//! `isogloss backup`: copies all data of the gateway to a folder.

pub(super) mod folder;
pub(super) mod manifest;
pub(super) mod secrets;
pub(super) mod tokens;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use isogloss_core::audit::{Event, EventKind};
use isogloss_core::{Clock as _, SystemClock};
use serde::Serialize;
use time::format_description::well_known::Rfc3339;

use self::folder::{AUDIT, PartialBackup};
use self::manifest::{DirectoryPart, FORMAT, Manifest};
use super::audited_admin::{self, AuditedAdmin};
use super::{Outcome, output};
use crate::bootstrap::components;
use crate::config::{Config, DirectoryAddress, LogTarget, Sections};
use crate::management_client::Gateway;

#[derive(Args)]
#[command(after_help = "\
Examples:
  isogloss backup /var/backups/isogloss/2026-11-29 --key-file /etc/isogloss/backup.key
  isogloss backup backup --json

Copies users, tokens, usage counts, the audit log, the pepper and the JWT secret, whether the gateway
runs or not. A backup is as secret as all of these together; only its owner can read it.

Tokens in an embedded store belong to the running gateway, so the command requests them at the
management listener, with a key of the realm `admin` that has the scope `backup:read`. Tokens in Redis
are read from there; with --key-file, the gateway first writes its current counts, too.

DIR appears only when the backup is complete. See docs/backup.md.

Exit codes: 0 done, 1 refused or failed, 2 bad usage or configuration.")]
pub(super) struct Arguments {
    /// Folder of the backup; must not exist, or must be empty
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    gateway: Gateway,
}

/// Summary of a backup.
#[derive(Serialize)]
struct Summary {
    folder: PathBuf,
    users: u64,
    /// None if they are in the gateway's memory.
    tokens: Option<u64>,
    audit_events: u64,
    audit_file: bool,
    secrets: Vec<String>,
}

/// Copies all data to the folder, and prints a summary. Returns `Refused` if the folder is not empty. Fails if
/// something cannot be read or written; an incomplete backup is removed.
pub(super) async fn run(arguments: &Arguments, config: &Config) -> Result<Outcome> {
    let sections = &config.sections;
    let folder = &arguments.folder;
    if !folder::is_free(folder)? {
        let folder = folder.display();
        output::error(format_args!(
            "{folder} is not empty: give a folder that is empty or does not exist"
        ));
        return Ok(Outcome::Refused);
    }
    let partial = PartialBackup::beside(folder)?;
    // Tokens before the directory: docs/backup.md says why.
    let tokens = tokens::copy(&partial, &arguments.gateway, sections).await?;
    let directory = components::directory_read_only(sections).await?;
    let copied = directory.back_up(partial.path()).await?;
    let audit_file = copy_audit_file(partial.path(), sections)?;
    let secrets = secrets::copy(partial.path(), sections)?;
    let manifest = Manifest {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: SystemClock.now().replace_nanosecond(0)?.format(&Rfc3339)?,
        directory: DirectoryPart {
            database: DirectoryAddress::from_settings(&sections.directory)?.database(),
            version: copied.version,
            rows: copied.rows,
        },
        tokens,
        files: manifest::digests(partial.path())?,
    };
    partial.finish(&manifest, folder)?;
    let event = Event {
        target: Some(folder.display().to_string()),
        count: manifest.tokens,
        ..audited_admin::event(EventKind::BackUp)
    };
    let admin = AuditedAdmin {
        directory,
        sections,
    };
    admin.record(event).await?;
    let rows = |table: &str| {
        manifest
            .directory
            .rows
            .get(table)
            .copied()
            .unwrap_or_default()
    };
    let summary = Summary {
        folder: folder.clone(),
        users: rows("users"),
        tokens: manifest.tokens,
        audit_events: rows("audit"),
        audit_file,
        secrets,
    };
    print(&summary, arguments.json)
}

/// Prints the summary of a backup, as JSON if `json` is set, and returns `Done`. Fails if the standard output cannot
/// be written.
fn print(summary: &Summary, json: bool) -> Result<Outcome> {
    if json {
        output::json(summary)?;
        return Ok(Outcome::Done);
    }
    let Summary {
        users,
        audit_events,
        ..
    } = summary;
    let tokens = match summary.tokens {
        Some(tokens) => format!("{tokens} tokens"),
        None => "no tokens (they are in the memory of the gateway, and end with it)".to_owned(),
    };
    let folder = summary.folder.display();
    output::text(format_args!(
        "{folder}: {users} users, {tokens}, {audit_events} audit events in the database"
    ))?;
    if summary.audit_file {
        output::text("including the file of audit.to")?;
    }
    match &summary.secrets[..] {
        [] => output::warning(
            "no pepper was found, so no token, card or key of the backup will work: check tokens.pepper_file",
        ),
        secrets => output::text(format_args!("secrets: {}", secrets.join(", ")))?,
    }
    Ok(Outcome::Done)
}

/// Copies the file of `audit.to` up to its last whole line. Returns `false` if there is no such file. Fails if
/// it cannot be copied.
fn copy_audit_file(folder: &Path, sections: &Sections) -> Result<bool> {
    let LogTarget::File(source) = &sections.audit.to else {
        return Ok(false);
    };
    let copied = folder::copy_lines(source, &folder.join(AUDIT));
    match copied {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        copied => {
            copied.with_context(|| format!("audit.to: cannot copy {}", source.display()))?;
            Ok(true)
        }
    }
}
