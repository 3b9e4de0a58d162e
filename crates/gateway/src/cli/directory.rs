//! `isogloss directory`: imports, exports and synchronises the directory.

mod digest_keys;
mod import;
mod migrate;
mod sync;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Subcommand;
use isogloss_core::directory::file::schema;
use isogloss_core::{Existing, printable_json, write_private_file};

use super::audited_admin::AuditedAdmin;
use super::{Outcome, output};
use crate::bootstrap::components;
use crate::config::Sections;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Import users, organisations and keys: add new entries and update changed ones, remove nothing
    #[command(after_help = import::EXAMPLES)]
    Import(import::Arguments),
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
    /// Print the JSON Schema of directory files
    #[command(after_help = "\
Examples:
  isogloss directory schema > directory-file.schema.json

Editors that support JSON Schema for TOML use it to complete and check files that begin with
  #:schema ./directory-file.schema.json")]
    Schema,
    /// Bring the users of an authority up to date with its own list of users
    #[command(after_help = "\
Examples:
  isogloss directory sync corp --dry-run
  isogloss directory sync corp
  isogloss directory sync corp --max-disable 25%

Adds users who are new, updates those who differ, and disables those who are gone, which ends their
tokens. Removes no user. Values that the authority does not say stay as they are. If more users would be
disabled than max_disable permits, or if the list is not complete, it changes nothing.

Exit codes: 0 done, 1 nothing or not all was changed, 2 bad usage or configuration.")]
    Sync(sync::Arguments),
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

/// Runs the command, and returns whether it was done or refused. Fails if the directory cannot be opened, or a file
/// cannot be read, applied or written.
pub(super) async fn run(command: Command, sections: &Sections) -> Result<Outcome> {
    match command {
        Command::Migrate(arguments) => return migrate::run(&arguments, sections).await,
        Command::Sync(arguments) => return sync::run(&arguments, sections).await,
        Command::Import(arguments) => return import::run(&arguments, sections).await,
        Command::Schema => output::json(&schema())?,
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
