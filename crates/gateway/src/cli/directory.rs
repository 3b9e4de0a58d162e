//! `isogloss directory`: the whole directory, in and out.

mod digest_keys;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Subcommand;
use isogloss_core::audit::{Event, Kind};
use isogloss_core::directory::file::{File, import};
use isogloss_core::{Existing, write_private_file};
use serde_json::json;

use super::acts::{self, Acts};
use super::{Outcome, output};
use crate::config::Sections;
use crate::{dialects, parts};

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
  isogloss directory export --output directory.toml
  isogloss directory export --json --output directory.json --force

Password hashes and second-factor secrets are in it: keep it as you keep the directory. Only its owner
may read the file.")]
    Export {
        /// As JSON instead of TOML
        #[arg(long)]
        json: bool,
        /// Write it to a file, and not to the standard output
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Replace that file if it is there already
        #[arg(long, requires = "output")]
        force: bool,
    },
    /// See to the keys that the digests of cards and keys are made with
    #[command(subcommand)]
    DigestKeys(digest_keys::Command),
}

pub(super) async fn run(command: Command, sections: &Sections) -> Result<Outcome> {
    let directory = parts::directory(sections).await?;
    match command {
        Command::Import { file, json } => {
            let parsed = File::read(&file)?;
            let parsed = parsed.with_public_realms(&dialects::public_key_realms());
            let guessable = parsed.guessable();
            let passwords = parts::passwords(&sections.passwords)?;
            let applied = import(directory.as_ref(), &passwords, parsed, |progress| {
                let (done, total) = (progress.done, progress.total);
                let line = format_args!("hashed the passwords of {done} of {total} users");
                output::progress(line, done == total);
            })
            .await
            .with_context(|| format!("{} was not applied", file.display()))?;
            for entry in guessable {
                output::warning(format_args!("{entry}: can be guessed"));
            }
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
        Command::Export {
            json,
            output,
            force,
        } => {
            let snapshot = directory.snapshot().await?;
            let text = if json {
                serde_json::to_string_pretty(&snapshot)?
            } else {
                toml::to_string(&snapshot)?
            };
            return export(text.trim_end(), output.as_deref(), force);
        }
        Command::DigestKeys(command) => {
            let acts = Acts {
                directory,
                sections,
            };
            return digest_keys::run(command, &acts).await;
        }
    }
    Ok(Outcome::Done)
}

fn export(text: &str, file: Option<&Path>, replaces: bool) -> Result<Outcome> {
    let Some(file) = file else {
        output::warn_of_readers();
        output::text(text)?;
        return Ok(Outcome::Done);
    };
    let existing = if replaces {
        Existing::Replace
    } else {
        Existing::Keep
    };
    match write_private_file(file, format!("{text}\n").as_bytes(), existing) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let file = file.display();
            output::error(format_args!("{file} is there already: --force replaces it"));
            Ok(Outcome::Refused)
        }
        written => {
            written.with_context(|| format!("cannot write {}", file.display()))?;
            Ok(Outcome::Done)
        }
    }
}
