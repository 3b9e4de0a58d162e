//! `isogloss config`: is it right, and what does it amount to?

use anyhow::Result;
use clap::Subcommand;

use super::{Outcome, output};
use crate::config::Config;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Say whether the configuration is valid
    Check,
    /// Print the effective configuration with secrets masked
    Show {
        /// As JSON instead of TOML
        #[arg(long)]
        json: bool,
    },
}

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
        Command::Show { json: false } => output::text(config.show()?.trim_end())?,
        Command::Show { json: true } => {
            let table: toml::Table = config.show()?.parse()?;
            output::json(&table)?;
        }
    }
    Ok(Outcome::Done)
}
