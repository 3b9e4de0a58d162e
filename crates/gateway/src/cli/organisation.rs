//! `isogloss organisation`: organisations and their units.

mod unit;

use anyhow::Result;
use clap::{Args, Subcommand};
use isogloss_core::directory::{OrganisationEdit, OrganisationEntry, Patch, UnitEntry};
use serde_json::Value;
use uuid::Uuid;

use super::audited_admin::AuditedAdmin;
use super::{Outcome, output};
use crate::admin::organisations::{OrganisationView, has_in_name};
use crate::bootstrap::components;
use crate::config::{ConfigError, Sections};

/// How many organisations are read from the directory at a time.
const PAGE: u32 = 1000;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List organisations
    #[command(after_help = "\
Examples:
  isogloss organisation list
  isogloss organisation list --search acme
  isogloss organisation list --json")]
    List {
        /// Organisations with this text in the name, in upper or lower case
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Print JSON, including units
        #[arg(long)]
        json: bool,
    },
    /// Show one organisation with its units
    #[command(after_help = "\
Examples:
  isogloss organisation show ACME --json")]
    Show {
        #[command(flatten)]
        which: OrganisationArg,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Add an organisation
    #[command(after_help = "\
Examples:
  isogloss organisation add ACME
  isogloss organisation add ACME --unit B1='Building 1' --unit B2 --default-unit B1")]
    Add(AddOrganisation),
    /// Change an organisation's name or default unit; its users and their tokens stay
    #[command(after_help = "\
Examples:
  isogloss organisation edit ACME --name 'ACME Ltd'
  isogloss organisation edit ACME --default-unit B2
  isogloss organisation edit ACME --no-default-unit")]
    Edit(EditOrganisation),
    /// Delete an organisation without users, and its units
    #[command(after_help = "\
Examples:
  isogloss organisation delete ACME")]
    Delete(OrganisationArg),
    /// Manage the units of an organisation
    #[command(subcommand)]
    Unit(unit::Command),
}

#[derive(Args)]
pub(super) struct OrganisationArg {
    /// Name or identifier
    organisation: String,
}

#[derive(Args)]
pub(super) struct AddOrganisation {
    /// Name, as logins spell it
    name: String,
    /// GUID; default: a random one
    #[arg(long, value_name = "GUID")]
    id: Option<Uuid>,
    /// Unit with an optional name; may repeat
    #[arg(long = "unit", value_name = "ID[=NAME]")]
    units: Vec<String>,
    /// Default unit of users without a unit; must be one of the units
    #[arg(long, value_name = "ID")]
    default_unit: Option<String>,
}

#[derive(Args)]
pub(super) struct EditOrganisation {
    #[command(flatten)]
    which: OrganisationArg,
    /// New name
    #[arg(long)]
    name: Option<String>,
    /// Default unit of users without a unit
    #[arg(long, value_name = "ID")]
    default_unit: Option<String>,
    /// Remove the default unit
    #[arg(long, conflicts_with = "default_unit")]
    no_default_unit: bool,
}

pub(super) async fn run(command: Command, sections: &Sections) -> Result<Outcome> {
    let admin = AuditedAdmin {
        directory: components::directory(sections).await?,
        sections,
    };
    match command {
        Command::List { search, json } => list(search.as_deref(), json, &admin).await,
        Command::Show { which, json } => {
            let organisation = admin.organisation(&which.organisation).await?;
            let described = describe(organisation)?;
            if json {
                output::json(&described)?;
            } else {
                output::as_toml(&described)?;
            }
            Ok(Outcome::Done)
        }
        Command::Add(new) => add(new, &admin).await,
        Command::Edit(change) => edit(change, &admin).await,
        Command::Delete(which) => {
            let organisation = admin.organisation(&which.organisation).await?;
            admin
                .run(async |service| service.remove_organisation(&organisation).await)
                .await?;
            output::text(format_args!("{}: deleted", organisation.name))?;
            Ok(Outcome::Done)
        }
        Command::Unit(command) => unit::run(command, &admin).await,
    }
}

async fn list(search: Option<&str>, json: bool, admin: &AuditedAdmin<'_>) -> Result<Outcome> {
    let mut all: Vec<OrganisationEntry> = Vec::new();
    loop {
        let last = all.last().map(|last| last.name.clone());
        let after = last.unwrap_or_default();
        let page = admin.directory.organisations(&after, PAGE).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    all.retain(|one| search.is_none_or(|text| has_in_name(one, text)));
    if json {
        let all: Vec<_> = all.into_iter().map(describe).collect::<Result<_>>()?;
        output::json(&all)?;
        return Ok(Outcome::Done);
    }
    let rows: Vec<_> = all
        .into_iter()
        .map(|one| {
            let default_unit = one.default_unit.unwrap_or_default();
            let units = one.units.len().to_string();
            vec![one.name, units, default_unit, one.id.to_string()]
        })
        .collect();
    output::table(&["NAME", "UNITS", "DEFAULT UNIT", "ID"], &rows)?;
    Ok(Outcome::Done)
}

async fn add(new: AddOrganisation, admin: &AuditedAdmin<'_>) -> Result<Outcome> {
    let units = new.units.iter().map(|unit| {
        let (id, name) = unit.split_once('=').unwrap_or((unit, ""));
        UnitEntry {
            id: id.to_owned(),
            name: name.to_owned(),
        }
    });
    let entry = OrganisationEntry {
        id: new.id.unwrap_or_else(Uuid::new_v4),
        name: new.name,
        default_unit: new.default_unit,
        units: units.collect(),
    };
    let added = admin
        .run(async |service| service.add_organisation(entry).await)
        .await?;
    output::text(format_args!("{}: added", added.name))?;
    Ok(Outcome::Done)
}

async fn edit(change: EditOrganisation, admin: &AuditedAdmin<'_>) -> Result<Outcome> {
    let edit = OrganisationEdit {
        name: change.name,
        default_unit: match change.default_unit {
            Some(unit) => Patch::Set(unit),
            None if change.no_default_unit => Patch::Remove,
            None => Patch::Keep,
        },
    };
    if edit == OrganisationEdit::default() {
        let reason = "nothing to change: give --name, --default-unit or --no-default-unit";
        return Err(ConfigError::new("organisation edit", reason).into());
    }
    let organisation = admin.organisation(&change.which.organisation).await?;
    let edited = admin
        .run(async |service| service.edit_organisation(&organisation, edit).await)
        .await?;
    output::text(format_args!("{}: changed", edited.name))?;
    Ok(Outcome::Done)
}

fn describe(organisation: OrganisationEntry) -> Result<Value> {
    Ok(serde_json::to_value(OrganisationView::from(organisation))?)
}
