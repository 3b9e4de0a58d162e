//! `isogloss directory import`: applies a file, or shows what it would change.

mod options;

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use isogloss_core::audit::{Event, EventKind};
use isogloss_core::directory::file::{File, FileError, Import, Progress};
use isogloss_core::directory::{Applied, Precedence};
use serde_json::json;

pub(in crate::cli) use self::options::{Arguments, EXAMPLES};
use crate::bootstrap::{audit, components};
use crate::cli::audited_admin::{self, AuditedAdmin};
use crate::cli::{Outcome, output};
use crate::config::Sections;
use crate::dialects;

/// The name of the standard input.
const PIPE: &str = "-";

/// Runs the command. Fails if the file is invalid, or the directory cannot be opened or changed.
pub(super) async fn run(arguments: &Arguments, sections: &Sections) -> Result<Outcome> {
    let text = read(&arguments.file)?;
    let format = arguments.format(&text)?;
    let parsed = File::parse_as(&arguments.file, &text, &format)?
        .with_public_realms(&dialects::public_key_realms())
        .with_dialects(dialects::names());
    let guessable = parsed.guessable();
    let precedence = arguments.precedence();
    let applied = if arguments.dry_run {
        preview(parsed, precedence, sections).await
    } else {
        audit::make_folder(&sections.audit)?;
        let admin = AuditedAdmin {
            directory: components::create_directory(sections).await?,
            sections,
        };
        import(&arguments.file, parsed, precedence, &admin).await
    };
    let applied = applied.with_context(|| {
        let file = arguments.file.display();
        format!("{file} was not applied")
    })?;
    for entry in guessable {
        output::warning(format_args!("{entry}: can be guessed"));
    }
    if arguments.json {
        let mut counts = json!({
            "created": applied.created, "updated": applied.updated,
            "unchanged": applied.unchanged, "kept": applied.kept,
            "erased": applied.erased,
        });
        if arguments.dry_run {
            counts["changes"] = json!(applied.changes);
        }
        output::json(&counts)?;
    } else {
        print(&applied, arguments.dry_run)?;
    }
    Ok(Outcome::Done)
}

/// Returns the text of a file, or of the standard input. Fails if it cannot be read.
fn read(file: &Path) -> Result<String> {
    if file != Path::new(PIPE) {
        let text = std::fs::read_to_string(file);
        return text.map_err(|error| {
            let path = file.to_owned();
            FileError::Read { path, error }.into()
        });
    }
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    read.context("cannot read the standard input")?;
    Ok(text)
}

/// Returns what the file would change. Fails if it is invalid, or if the directory is unreachable or does not exist.
async fn preview(parsed: File, precedence: Precedence, sections: &Sections) -> Result<Applied> {
    let directory = components::directory_read_only(sections).await?;
    let passwords = components::passwords(&sections.passwords)?;
    let import = Import {
        directory: directory.as_ref(),
        passwords: &passwords,
        precedence,
    };
    Ok(import.preview(parsed, progress).await?)
}

/// Applies a directory file, records that in the audit log, and returns what has changed. Fails if the file is
/// invalid or the directory is unreachable.
async fn import(
    file: &Path,
    parsed: File,
    precedence: Precedence,
    admin: &AuditedAdmin<'_>,
) -> Result<Applied> {
    let passwords = components::passwords(&admin.sections.passwords)?;
    let import = Import {
        directory: admin.directory.as_ref(),
        passwords: &passwords,
        precedence,
    };
    let applied = import.apply(parsed, progress);
    let event = Event {
        target: Some(file.display().to_string()),
        ..audited_admin::event(EventKind::ImportDirectory)
    };
    let counted = |event, applied: &Applied| {
        let count = Some(applied.created + applied.updated);
        Some(Event { count, ..event })
    };
    admin.change(event, applied, counted).await
}

fn progress(progress: Progress) {
    let (done, total) = (progress.done, progress.total);
    let line = format_args!("hashed the passwords of {done} of {total} users");
    output::progress(line, done == total);
}

fn print(applied: &Applied, is_preview: bool) -> Result<()> {
    for change in &applied.changes {
        output::text(change)?;
    }
    let (created, updated, unchanged) = (applied.created, applied.updated, applied.unchanged);
    let would = if is_preview { "would be: " } else { "" };
    output::text(format_args!(
        "{would}{created} created, {updated} updated, {unchanged} unchanged"
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
