//! `isogloss config`: checks and prints the configuration.

use anyhow::Result;
use clap::Subcommand;

use super::{Outcome, output};
use crate::config::Config;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Check whether the configuration is valid
    #[command(after_help = CHECK_EXAMPLES)]
    Check,
    /// Print the configuration in use, with secrets masked
    #[command(after_help = SHOW_EXAMPLES)]
    Show {
        /// Print JSON instead of TOML
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON Schema of configuration files
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema,
    /// Print a description of every setting, as Markdown
    #[command(after_help = REFERENCE_EXAMPLES)]
    Reference,
}

const CHECK_EXAMPLES: &str = "\
Examples:
  isogloss config check --config /etc/isogloss/isogloss.toml
  ISOGLOSS__SERVER__BIND=0.0.0.0:443 isogloss config check --config isogloss.toml

An error is one line with the key, its file and what was expected; the exit code is 2.";

const SHOW_EXAMPLES: &str = "\
Examples:
  isogloss config show
  isogloss config show --json --config isogloss.toml | jq .server.bind

Without a file, these are the defaults.";

const SCHEMA_EXAMPLES: &str = "\
Examples:
  isogloss config schema > isogloss.schema.json

Editors that support JSON Schema for TOML use it to complete and check files that begin with
  #:schema ./isogloss.schema.json";

const REFERENCE_EXAMPLES: &str = "\
Examples:
  isogloss config reference > configuration.md
  isogloss config reference | less";

/// Prints what the command requests of a configuration that is already checked, and returns `Done`. Fails if the
/// standard output cannot be written.
pub(super) fn run(command: &Command, config: &Config) -> Result<Outcome> {
    match command {
        // It has been checked by being loaded.
        Command::Check => {
            let dialects: Vec<_> = config.mounts.iter().map(|mount| mount.name).collect();
            output::text(format_args!(
                "the configuration is valid; enabled dialects: {}",
                if dialects.is_empty() {
                    "none".to_owned()
                } else {
                    dialects.join(", ")
                }
            ))?;
        }
        Command::Schema => output::json(&crate::config::schema())?,
        Command::Reference => output::file(crate::config::reference().trim_end())?,
        Command::Show { json: false } => output::file(config.show()?.trim_end())?,
        Command::Show { json: true } => {
            let table: toml::Table = config.show()?.parse()?;
            output::json(&table)?;
        }
    }
    Ok(Outcome::Done)
}
