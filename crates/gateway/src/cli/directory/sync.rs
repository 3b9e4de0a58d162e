//! `isogloss directory sync`: brings the users of an authority up to date with its own list.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use isogloss_core::SystemClock;
use isogloss_core::audit::Audit;
use isogloss_core::authority::MaxDisable;
use isogloss_core::directory::synchronisation::{SyncProgress, SyncReport, Synchronisation};

use crate::bootstrap::{audit, components};
use crate::cli::audited_admin::flush_audit;
use crate::cli::{Outcome, output};
use crate::config::{ConfigError, Sections};

#[derive(Args)]
pub(in crate::cli) struct Arguments {
    /// Name of the authority
    name: String,
    /// Print what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// How many of the active users may be disabled, such as 10% or 25, instead of the authority's own limit
    #[arg(long, value_name = "SHARE")]
    max_disable: Option<MaxDisable>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command. Fails if there is no such authority, if the users were not synchronised, or if the standard output
/// cannot be written.
pub(super) async fn run(arguments: &Arguments, sections: &Sections) -> Result<Outcome> {
    let mut synchronisation = open(arguments, sections).await?;
    if let Some(limit) = arguments.max_disable {
        synchronisation.settings.max_disable = limit;
    }
    let report = if arguments.dry_run {
        synchronisation.preview(progress).await
    } else {
        let report = synchronisation.run(Duration::ZERO, progress).await;
        flush_audit(&synchronisation.audit).await;
        report
    };
    let report = report.with_context(|| arguments.name.clone())?;
    if arguments.json {
        output::json(&report)?;
    } else {
        print(&report, arguments.dry_run)?;
    }
    Ok(Outcome::Done)
}

async fn open(arguments: &Arguments, sections: &Sections) -> Result<Synchronisation> {
    let mut configured = sections.authorities.iter().enumerate();
    let found = configured.find(|(_, one)| one.name == arguments.name);
    let Some((index, authority)) = found else {
        let names: Vec<_> = sections.authorities.iter().map(|one| &*one.name).collect();
        let reason = if names.is_empty() {
            "the configuration has no [[authorities]]".to_owned()
        } else {
            format!("expected one of {}", names.join(", "))
        };
        let reason = format!("no such authority: {}; {reason}", arguments.name);
        return Err(ConfigError::new("NAME", reason).into());
    };
    let directory = if arguments.dry_run {
        components::directory_read_only(sections).await?
    } else {
        components::directory(sections).await?
    };
    let audit = if arguments.dry_run {
        Audit::default()
    } else {
        audit::open_for_command(&sections.audit, &directory)?
    };
    Ok(Synchronisation {
        settings: authority.settings(),
        authority: authority.open(&format!("authorities[{index}]"))?,
        directory,
        audit,
        clock: Arc::new(SystemClock),
    })
}

fn progress(progress: SyncProgress) {
    match progress {
        SyncProgress::Listed(count) => {
            output::progress(format_args!("listed {count} users"), false);
        }
        SyncProgress::Applied { done, total } => {
            let line = format_args!("compared {done} of {total} users who may change");
            output::progress(line, done == total);
        }
    }
}

fn print(report: &SyncReport, is_preview: bool) -> Result<()> {
    let counts = report.counts;
    if is_preview {
        for change in &report.changes {
            output::text(change)?;
        }
    }
    let listed = counts.listed;
    let would = if is_preview { "would be: " } else { "" };
    output::text(format_args!(
        "{listed} listed; {would}{} created, {} updated, {} disabled, {} enabled, {} unchanged",
        counts.created, counts.updated, counts.disabled, counts.enabled, counts.unchanged
    ))?;
    if counts.adopted > 0 {
        output::text(format_args!(
            "{} adopted: they belong here now",
            counts.adopted
        ))?;
    }
    if counts.left_out > 0 {
        output::text(format_args!(
            "{} not added: disabled at the authority, or erased here",
            counts.left_out
        ))?;
    }
    section(
        "stay disabled, because an operator disabled them here (isogloss user enable)",
        report.kept.iter().map(|kept| &kept.entry),
    )?;
    section("could not be stored", &report.faults)
}

/// Prints entries under a heading with their number, if there are any.
fn section<T: std::fmt::Display>(
    heading: &str,
    entries: impl IntoIterator<Item = T>,
) -> Result<()> {
    let entries: Vec<_> = entries.into_iter().collect();
    if entries.is_empty() {
        return Ok(());
    }
    output::text(format_args!("{} {heading}:", entries.len()))?;
    for entry in entries {
        output::text(format_args!("  {entry}"))?;
    }
    Ok(())
}
