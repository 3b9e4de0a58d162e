//! `isogloss organisation unit`: the units of one organisation.

use anyhow::Result;
use clap::Subcommand;
use isogloss_core::directory::UnitEntry;

use super::OrganisationArg;
use crate::cli::audited_admin::AuditedAdmin;
use crate::cli::{Outcome, output};

#[derive(Subcommand)]
pub(in crate::cli) enum Command {
    /// Add or rename a unit
    #[command(after_help = "\
Examples:
  isogloss organisation unit put ACME B3 --name 'Building 3'")]
    Put {
        #[command(flatten)]
        which: OrganisationArg,
        /// Identifier of the unit, unique over all organisations
        unit: String,
        /// Name of the unit for people
        #[arg(long, default_value = "")]
        name: String,
    },
    /// Delete a unit without users
    #[command(after_help = "\
Examples:
  isogloss organisation unit delete ACME B3")]
    Delete {
        #[command(flatten)]
        which: OrganisationArg,
        /// Identifier of the unit
        unit: String,
    },
}

pub(super) async fn run(command: Command, admin: &AuditedAdmin<'_>) -> Result<Outcome> {
    let (Command::Put { which, .. } | Command::Delete { which, .. }) = &command;
    let organisation = admin.organisation(&which.organisation).await?;
    let name = organisation.name.clone();
    let done = match command {
        Command::Put { unit, name, .. } => {
            let entry = UnitEntry {
                id: unit.clone(),
                name,
            };
            admin
                .run(async |service| service.put_unit(&organisation, entry).await)
                .await?;
            format!("unit {unit} set")
        }
        Command::Delete { unit, .. } => {
            admin
                .run(async |service| service.remove_unit(&organisation, &unit).await)
                .await?;
            format!("unit {unit} deleted")
        }
    };
    output::text(format_args!("{name}: {done}"))?;
    Ok(Outcome::Done)
}
