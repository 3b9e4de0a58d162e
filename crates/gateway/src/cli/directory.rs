//! `isogloss directory`: imports and exports the directory.

mod digest_keys;
mod migrate;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Subcommand, ValueEnum};
use isogloss_core::audit::{Event, EventKind};
use isogloss_core::directory::file::{File, Import};
use isogloss_core::directory::{Applied, Precedence, SetHere};
use isogloss_core::{Existing, printable_json, write_private_file};
use serde_json::json;

use super::audited_admin::{self, AuditedAdmin};
use super::{Outcome, output};
use crate::bootstrap::{audit, components};
use crate::config::Sections;
use crate::dialects;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Import a directory file: add new entries and update changed ones, remove nothing
    #[command(after_help = "\
Examples:
  isogloss directory import users.toml
  isogloss directory import users.json --json
  isogloss directory import users.toml --passwords replace

Values that the file does not contain stay as they are. Passwords, disabled users and second factors
that were set here since the last import also stay, and are listed. If one entry is invalid, the whole
file is refused.")]
    Import {
        /// Directory file: JSON if its name ends in .json, otherwise TOML
        file: PathBuf,
        /// Whether to keep or replace passwords and application passwords that were set or revoked here
        #[arg(long, value_enum, default_value_t)]
        passwords: LocalValues,
        /// Whether to keep or replace second factors, disabled or enabled users and revoked keys set here
        #[arg(long, value_enum, default_value_t)]
        state: LocalValues,
        /// Print the counts and the kept values as JSON
        #[arg(long)]
        json: bool,
    },
    /// Export the directory as a directory file, with hashes instead of secrets
    #[command(after_help = "\
Examples:
  isogloss directory export --output directory.toml
  isogloss directory export --json --output directory.json --force

The export contains password hashes and second-factor secrets: protect it like the directory. Only its
owner can read the file.")]
    Export {
        /// Print JSON instead of TOML
        #[arg(long)]
        json: bool,
        /// File to write instead of the standard output
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Replace the file if it exists
        #[arg(long, requires = "output")]
        force: bool,
    },
    /// Create or update the tables of the database
    #[command(after_help = "\
Examples:
  isogloss directory migrate --dry-run
  isogloss directory migrate --config /etc/isogloss/owner.toml

`isogloss serve` and the other commands do this, too, if their role has the rights. If it has not, run
this command as the role that owns the tables, before you start the new release. A second run changes
nothing.")]
    Migrate(migrate::Arguments),
    /// Manage the keys under which digests of cards and keys are stored
    #[command(subcommand)]
    DigestKeys(digest_keys::Command),
}

/// Effect of an import on values that were set here.
#[derive(Clone, Copy, Default, ValueEnum)]
pub(super) enum LocalValues {
    /// Keep the value that was set here, and list it
    #[default]
    Keep,
    /// Replace it with the value of the file
    Replace,
}

impl From<LocalValues> for SetHere {
    fn from(newer: LocalValues) -> Self {
        match newer {
            LocalValues::Keep => Self::Keep,
            LocalValues::Replace => Self::Replace,
        }
    }
}

/// Runs the command, and returns whether it was done or refused. Fails if the directory cannot be opened, or a file
/// cannot be read, applied or written.
pub(super) async fn run(command: Command, sections: &Sections) -> Result<Outcome> {
    match command {
        Command::Migrate(arguments) => return migrate::run(&arguments, sections).await,
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
            audit::make_folder(&sections.audit)?;
            let admin = AuditedAdmin {
                directory: components::create_directory(sections).await?,
                sections,
            };
            let applied = import(&file, precedence, &admin).await?;
            if json {
                output::json(&json!({
                    "created": applied.created, "updated": applied.updated,
                    "unchanged": applied.unchanged, "kept": applied.kept,
                    "erased": applied.erased,
                }))?;
            } else {
                print(&applied)?;
            }
        }
        Command::Export {
            json,
            output,
            force,
        } => {
            let snapshot = components::directory(sections).await?.snapshot().await?;
            let text = if json {
                printable_json(&serde_json::to_string_pretty(&snapshot)?).into_owned()
            } else {
                toml::to_string(&snapshot)?
            };
            return export(text.trim_end(), output.as_deref(), force);
        }
        Command::DigestKeys(command) => {
            let admin = AuditedAdmin {
                directory: components::directory(sections).await?,
                sections,
            };
            return digest_keys::run(command, &admin).await;
        }
    }
    Ok(Outcome::Done)
}

/// Writes the export to a file, or prints it. Returns `Refused` if the file exists and may not be replaced.
/// Fails if it cannot be written.
fn export(text: &str, file: Option<&Path>, replaces: bool) -> Result<Outcome> {
    let Some(file) = file else {
        output::warn_of_readers();
        output::file(text)?;
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
            output::error(format_args!("{file} exists: use --force to replace it"));
            Ok(Outcome::Refused)
        }
        written => {
            written.with_context(|| format!("cannot write {}", file.display()))?;
            Ok(Outcome::Done)
        }
    }
}

/// Applies a directory file, records that in the audit log, and returns what has changed. Fails if the file is
/// invalid or the directory is unreachable.
async fn import(file: &Path, precedence: Precedence, admin: &AuditedAdmin<'_>) -> Result<Applied> {
    let parsed = File::read(file)?
        .with_public_realms(&dialects::public_key_realms())
        .with_dialects(dialects::names());
    let guessable = parsed.guessable();
    let passwords = components::passwords(&admin.sections.passwords)?;
    let import = Import {
        directory: admin.directory.as_ref(),
        passwords: &passwords,
        precedence,
    };
    let applied = import.apply(parsed, |progress| {
        let (done, total) = (progress.done, progress.total);
        let line = format_args!("hashed the passwords of {done} of {total} users");
        output::progress(line, done == total);
    });
    let event = Event {
        target: Some(file.display().to_string()),
        ..audited_admin::event(EventKind::ImportDirectory)
    };
    let counted = |event, applied: &Applied| {
        let count = Some(applied.created + applied.updated);
        Some(Event { count, ..event })
    };
    let applied = admin.change(event, applied, counted).await;
    let applied = applied.with_context(|| format!("{} was not applied", file.display()))?;
    for entry in guessable {
        output::warning(format_args!("{entry}: can be guessed"));
    }
    Ok(applied)
}

fn print(applied: &Applied) -> Result<()> {
    let (created, updated, unchanged) = (applied.created, applied.updated, applied.unchanged);
    output::text(format_args!(
        "{created} created, {updated} updated, {unchanged} unchanged"
    ))?;
    let count = applied.kept.len();
    if count > 0 {
        output::text(format_args!(
            "{count} kept as set here (--passwords replace and --state replace take the file's):"
        ))?;
    }
    for kept in &applied.kept {
        output::text(format_args!("  {}: {}", kept.entry, kept.what))?;
    }
    let count = applied.erased.len();
    if count > 0 {
        output::text(format_args!(
            "{count} left out: users who were erased (isogloss user add brings one back), or their keys:"
        ))?;
    }
    for entry in &applied.erased {
        output::text(format_args!("  {entry}"))?;
    }
    Ok(())
}
