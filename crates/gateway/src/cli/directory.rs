//! `isogloss directory`: the whole directory, in and out.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Subcommand, ValueEnum};
use isogloss_core::audit::{Event, Kind};
use isogloss_core::directory::file::{File, Import};
use isogloss_core::directory::{Applied, Precedence, SetHere};
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
  isogloss directory import users.toml --passwords replace

What the file does not say of an entry stays as it is. Passwords, disabled users and second factors that
were set here since the last import stay, too, and are listed. A file that makes no sense in any entry is
refused whole.")]
    Import {
        /// TOML, or JSON if its name ends in .json
        file: PathBuf,
        /// What becomes of passwords and application passwords that were set or revoked here
        #[arg(long, value_enum, default_value_t)]
        passwords: Newer,
        /// What becomes of second factors set here, users disabled or enabled here, keys revoked here
        #[arg(long, value_enum, default_value_t)]
        state: Newer,
        /// Print the counts, and what was kept, as JSON
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

/// What an import does where another value was set here.
#[derive(Clone, Copy, Default, ValueEnum)]
pub(super) enum Newer {
    /// It stays, and is listed
    #[default]
    Keep,
    /// The file's takes its place
    Replace,
}

impl From<Newer> for SetHere {
    fn from(newer: Newer) -> Self {
        match newer {
            Newer::Keep => Self::Keep,
            Newer::Replace => Self::Replace,
        }
    }
}

pub(super) async fn run(command: Command, sections: &Sections) -> Result<Outcome> {
    let directory = parts::directory(&sections.directory).await?;
    match command {
        Command::Import {
            file,
            passwords,
            state,
            json,
        } => {
            let precedence = Precedence {
                passwords: passwords.into(),
                state: state.into(),
                ..Precedence::default()
            };
            let acts = Acts {
                directory,
                sections,
            };
            let applied = import(&file, precedence, &acts).await?;
            if json {
                output::json(&json!({
                    "created": applied.created, "updated": applied.updated,
                    "unchanged": applied.unchanged, "kept": applied.kept,
                }))?;
            } else {
                print(&applied)?;
            }
        }
        Command::Export { json } => {
            let snapshot = directory.snapshot().await?;
            if json {
                output::json(&snapshot)?;
            } else {
                output::text(toml::to_string(&snapshot)?.trim_end())?;
            }
        }
    }
    Ok(Outcome::Done)
}

async fn import(file: &Path, precedence: Precedence, acts: &Acts<'_>) -> Result<Applied> {
    let parsed = File::read(file)?;
    let passwords = parts::passwords(&acts.sections.passwords)?;
    let import = Import {
        directory: acts.directory.as_ref(),
        passwords: &passwords,
        precedence,
    };
    let applied = import.apply(parsed, |progress| {
        let (done, total) = (progress.done, progress.total);
        let line = format_args!("hashed the passwords of {done} of {total} users");
        output::progress(line, done == total);
    });
    let applied = applied
        .await
        .with_context(|| format!("{} was not applied", file.display()))?;
    let event = Event {
        target: Some(file.display().to_string()),
        count: Some(applied.created + applied.updated),
        ..acts::event(Kind::ImportDirectory)
    };
    acts.record(event).await?;
    Ok(applied)
}

fn print(applied: &Applied) -> Result<()> {
    let (created, updated, unchanged) = (applied.created, applied.updated, applied.unchanged);
    output::text(format_args!(
        "{created} created, {updated} updated, {unchanged} unchanged"
    ))?;
    if applied.kept.is_empty() {
        return Ok(());
    }
    let count = applied.kept.len();
    output::text(format_args!(
        "{count} kept as set here (--passwords replace and --state replace take the file's):"
    ))?;
    for kept in &applied.kept {
        output::text(format_args!("  {}: {}", kept.entry, kept.what))?;
    }
    Ok(())
}
