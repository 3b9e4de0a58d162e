//! `isogloss directory`: the whole directory, in and out.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use isogloss_core::audit::{Event, Kind};
use isogloss_core::directory::file::{File, import};
use serde_json::json;

use super::acts::{self, Acts};
use super::{Outcome, output};
use crate::config::Sections;
use crate::parts;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Apply a directory file: what is new is added, what differs is changed, nothing is removed
    #[command(after_help = "\
Examples:
  isogloss directory import users.toml
  isogloss directory import users.json --json

A file that makes no sense in any entry is refused whole.")]
    Import {
        /// TOML, or JSON if its name ends in .json
        file: PathBuf,
        /// Print the counts as JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the directory as a directory file, with hashes in place of secrets
    #[command(after_help = "\
Examples:
  isogloss directory export > directory.toml
  isogloss directory export --json > directory.json

Password hashes and second-factor secrets are in it: keep it as you keep the directory.")]
    Export {
        /// As JSON instead of TOML
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(command: Command, sections: &Sections) -> Result<Outcome> {
    let directory = parts::directory(&sections.directory).await?;
    match command {
        Command::Import { file, json } => {
            let parsed = File::read(&file)?;
            let passwords = parts::passwords(&sections.passwords)?;
            let applied = import(directory.as_ref(), &passwords, parsed, |progress| {
                let (done, total) = (progress.done, progress.total);
                let line = format_args!("hashed the passwords of {done} of {total} users");
                output::progress(line, done == total);
            })
            .await
            .with_context(|| format!("{} was not applied", file.display()))?;
            let (created, updated, unchanged) =
                (applied.created, applied.updated, applied.unchanged);
            let event = Event {
                target: Some(file.display().to_string()),
                count: Some(created + updated),
                ..acts::event(Kind::ImportDirectory)
            };
            let acts = Acts {
                directory,
                sections,
            };
            acts.record(event).await?;
            if json {
                output::json(&json!({
                    "created": created, "updated": updated, "unchanged": unchanged,
                }))?;
            } else {
                output::text(format_args!(
                    "{created} created, {updated} updated, {unchanged} unchanged"
                ))?;
            }
        }
        Command::Export { json } => {
            let snapshot = directory.snapshot().await?;
            if json {
                output::json(&snapshot)?;
            } else {
                output::file(toml::to_string(&snapshot)?.trim_end())?;
            }
        }
    }
    Ok(Outcome::Done)
}
