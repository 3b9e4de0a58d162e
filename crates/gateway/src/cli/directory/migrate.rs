//! `isogloss directory migrate`: updates the tables.

use anyhow::{Context as _, Result};
use clap::Args;
use isogloss_core::directory::Outstanding;
use isogloss_directory_sql::{PostgresDirectory, SqliteDirectory};
use serde_json::json;

use crate::bootstrap::components;
use crate::cli::{Outcome, output};
use crate::config::{DirectoryAddress, Sections};

#[derive(Args)]
pub(in crate::cli) struct Arguments {
    /// List the outstanding steps, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: &Arguments, sections: &Sections) -> Result<Outcome> {
    let outstanding = outstanding(arguments.dry_run, sections).await?;
    if arguments.json {
        output::json(&json!({
            "from": outstanding.from, "to": outstanding.to, "steps": outstanding.steps,
            "dry_run": arguments.dry_run,
        }))?;
    } else {
        print(&outstanding, arguments.dry_run)?;
    }
    Ok(Outcome::Done)
}

/// Returns the outstanding steps, and carries them out unless `is_dry`. Fails if the database cannot be opened
/// or changed.
async fn outstanding(is_dry: bool, sections: &Sections) -> Result<Outstanding> {
    let key = sections.directory.url_key();
    match DirectoryAddress::from_settings(&sections.directory)? {
        DirectoryAddress::Sqlite(file) => {
            let outstanding = if is_dry {
                SqliteDirectory::outstanding(&file).await
            } else {
                SqliteDirectory::migrate(&file).await
            };
            outstanding.with_context(|| format!("{key}: {}", file.display()))
        }
        DirectoryAddress::Postgres(url) => {
            let postgres = components::postgres(&sections.directory, url);
            let outstanding = if is_dry {
                PostgresDirectory::outstanding(&postgres).await
            } else {
                PostgresDirectory::migrate(&postgres).await
            };
            outstanding.context(key)
        }
    }
}

fn print(outstanding: &Outstanding, is_dry: bool) -> Result<()> {
    let Outstanding { from, to, steps } = outstanding;
    if steps.is_empty() {
        return output::text(format_args!("the tables are up to date, at version {to}"));
    }
    for step in steps {
        output::text(format_args!("{}: {}", step.version, step.name))?;
    }
    if is_dry {
        output::text(format_args!(
            "outstanding, from version {from} to {to}; nothing was changed"
        ))
    } else {
        output::text(format_args!(
            "migrated the tables from version {from} to {to}"
        ))
    }
}
