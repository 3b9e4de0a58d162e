//! `isogloss directory digest-keys`: the keys of the digests of cards and keys.

use anyhow::Result;
use clap::Subcommand;
use isogloss_core::audit::{Event, EventKind};
use isogloss_core::directory::{DigestKey, DigestKeyId};
use serde_json::json;
use time::format_description::well_known::Rfc3339;

use crate::cli::audited_admin::{self, AuditedAdmin};
use crate::cli::{Outcome, output};

#[derive(Subcommand)]
pub(in crate::cli) enum Command {
    /// List the digest keys, and whether the pepper decrypts them
    #[command(after_help = "\
Examples:
  isogloss directory digest-keys list
  isogloss directory digest-keys list --json

Run it on a machine that has the pepper.")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Create a digest key, under which each digest is stored at its next use
    #[command(after_help = "\
Use this for a directory that was stolen together with its pepper. Rotate the pepper first.

Examples:
  isogloss directory digest-keys add")]
    Add,
    /// Remove a digest key whose pepper is lost
    #[command(after_help = "\
Cards and keys that are stored under it are no longer accepted: import them again from a file that
contains them in clear text. The records of erased users that were made with it are removed, too:
remove those users from every file before you import it. The command refuses to remove a digest key
that the pepper decrypts.

Examples:
  isogloss directory digest-keys remove 5f0c6a1b2d3e4f70")]
    Remove {
        /// Identifier of the digest key
        #[arg(value_parser = id)]
        id: DigestKeyId,
    },
}

pub(super) async fn run(command: Command, admin: &AuditedAdmin<'_>) -> Result<Outcome> {
    let keys = admin.directory.digest_keys().await?;
    match command {
        Command::List { json } => list(&keys, json),
        Command::Add => {
            let added = admin.directory.add_digest_key();
            let unknown = Event {
                target: Some("digest key".to_owned()),
                ..audited_admin::event(EventKind::AddKey)
            };
            let named = |event, id: &DigestKeyId| Some(about(event, *id));
            let id = admin.change(unknown, added, named).await?;
            output::text(format_args!("{id}: created"))?;
            Ok(Outcome::Done)
        }
        Command::Remove { id } => remove(id, &keys, admin).await,
    }
}

/// Prints the digest keys as a table, or as JSON if `json` is set, and returns `Done`. Fails if a timestamp is out of
/// the range of RFC 3339, or the standard output cannot be written.
fn list(keys: &[DigestKey], json: bool) -> Result<Outcome> {
    let moment = |moment: time::OffsetDateTime| moment.format(&Rfc3339);
    if json {
        let mut listed = Vec::new();
        for key in keys {
            listed.push(json!({
                "id": key.id,
                "made_at": moment(key.made_at)?,
                "used_from": moment(key.used_from)?,
                "readable": key.is_readable,
                "digests": key.digests,
            }));
        }
        output::json(&listed)?;
        return Ok(Outcome::Done);
    }
    let mut rows = Vec::new();
    for key in keys {
        let state = if key.is_readable {
            "open"
        } else {
            "no pepper opens it"
        };
        rows.push(vec![
            key.id.to_string(),
            moment(key.made_at)?,
            moment(key.used_from)?,
            key.digests.to_string(),
            state.to_owned(),
        ]);
    }
    output::table(&["ID", "CREATED", "USED FROM", "DIGESTS", "STATE"], &rows)?;
    Ok(Outcome::Done)
}

/// Removes a digest key, and returns `Done`. Returns `Refused`, and removes nothing, if the pepper decrypts the key,
/// or there is none with this identifier. Fails if the directory is unreachable, the audit log cannot be opened, or
/// the standard output cannot be written.
async fn remove(id: DigestKeyId, keys: &[DigestKey], admin: &AuditedAdmin<'_>) -> Result<Outcome> {
    if keys.iter().any(|key| key.id == id && key.is_readable) {
        output::error(format_args!(
            "{id}: the pepper opens this digest key, so it is not removed"
        ));
        return Ok(Outcome::Refused);
    }
    let removed = admin.directory.remove_digest_key(id);
    let event = about(audited_admin::event(EventKind::RevokeKey), id);
    let found = |event, traces: &Option<u64>| traces.map(|_| event);
    let Some(traces) = admin.change(event, removed, found).await? else {
        output::error(format_args!("{id}: no such digest key"));
        return Ok(Outcome::Refused);
    };
    output::text(format_args!(
        "{id}: removed, with {traces} records of erased users"
    ))?;
    Ok(Outcome::Done)
}

fn about(event: Event, id: DigestKeyId) -> Event {
    Event {
        target: Some(format!("digest key {id}")),
        ..event
    }
}

/// Parses the identifier of a digest key. Fails with a message if it is not 16 hexadecimal digits.
fn id(text: &str) -> Result<DigestKeyId, String> {
    DigestKeyId::parse(text).map_err(|_| "expected 16 hexadecimal digits".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use isogloss_core::audit::{AuditTable as _, EventFilter};
    use isogloss_directory_sql::SqliteDirectory;
    use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

    use super::*;
    use crate::config::{LogTarget, Sections};

    #[actix_web::test]
    async fn a_change_that_is_not_answered_is_recorded_as_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("directory.db");
        let directory = Arc::new(SqliteDirectory::open(&file).await.unwrap());
        let options = SqliteConnectOptions::new().filename(&file);
        let pool = SqlitePool::connect_with(options).await.unwrap();
        let spoil = "CREATE TRIGGER spoil BEFORE INSERT ON digest_keys
                     BEGIN SELECT RAISE(ABORT, 'no answer'); END";
        sqlx::query(spoil).execute(&pool).await.unwrap();
        let mut sections = Sections::default();
        sections.audit.to = LogTarget::None;
        sections.audit.database = true;
        let admin = AuditedAdmin {
            directory: directory.clone(),
            sections: &sections,
        };
        assert!(run(Command::Add, &admin).await.is_err());
        let all = EventFilter {
            who: None,
            event: None,
            since: None,
            limit: 10,
        };
        let events = directory.find_events(&all).await.unwrap();
        let events: Vec<serde_json::Value> = events
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let expected = json!([{
            "time": events[0]["time"], "event": "add_key", "outcome": "refused",
            "reason": "unavailable", "target": "digest key",
        }]);
        assert_eq!(json!(events), expected);
    }
}
