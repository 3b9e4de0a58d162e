//! The options of an import.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use isogloss_core::Role;
use isogloss_core::directory::file::{FIELDS, FileFormat, Mapping};
use isogloss_core::directory::{Precedence, SetHere};

pub(in crate::cli) const EXAMPLES: &str = "\
Examples:
  isogloss directory import users.toml --dry-run
  isogloss directory import users.json --json
  isogloss directory import users.toml --passwords replace
  isogloss directory import people.csv --map user_name=Login --map email=Mail --set organisation=ACME
  isogloss directory import realm.json --format keycloak --set organisation=ACME --role managers=PROJECT_MANAGER
  generate-users | isogloss directory import - --format json

Values that the file does not contain stay as they are. Passwords, disabled users and second factors
that were set here since the last import also stay, and are listed. If entries are invalid, all of them
are listed, and nothing is changed.";

#[derive(Args)]
pub(in crate::cli) struct Arguments {
    /// File, or - for the standard input
    pub(super) file: PathBuf,
    /// Format; default: by the ending .toml, .json or .csv, otherwise TOML, or JSON if it begins with {
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Column that is read as a field, for CSV; may repeat. Other columns are ignored
    #[arg(long, value_name = "FIELD=COLUMN", value_parser = pair)]
    map: Vec<(String, String)>,
    /// Value of a field for users of whom the file says nothing, for CSV and Keycloak; may repeat
    #[arg(long, value_name = "FIELD=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// Role of those with a realm role, or in a group such as /staff, for Keycloak; may repeat
    #[arg(long, value_name = "NAME=ROLE", value_parser = pair)]
    role: Vec<(String, String)>,
    /// Whether to keep or replace passwords and application passwords that were set or revoked here
    #[arg(long, value_enum, default_value_t)]
    passwords: LocalValues,
    /// Whether to keep or replace second factors, disabled or enabled users and revoked keys set here
    #[arg(long, value_enum, default_value_t)]
    state: LocalValues,
    /// Print every change, and change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Print the counts and the kept values as JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// The format of a file.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Directory file in TOML
    Toml,
    /// Directory file in JSON
    Json,
    /// Users in CSV, with a heading
    Csv,
    /// Export of a realm of Keycloak, with users
    Keycloak,
}

/// Effect of an import on values that were set here.
#[derive(Clone, Copy, Default, ValueEnum)]
enum LocalValues {
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

/// Parses two texts with a `=` between them. Fails if there is none, or nothing before it.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        Some(_) | None => Err("expected two texts with = between them".to_owned()),
    }
}

impl Arguments {
    /// Returns the rule for values that were set here.
    pub(super) fn precedence(&self) -> Precedence {
        Precedence {
            passwords: self.passwords.into(),
            state: self.state.into(),
            ..Precedence::default()
        }
    }

    /// Returns the format of the file with this text. Fails if an option does not fit the format, or names a field or a
    /// role that does not exist.
    pub(super) fn format(&self, text: &str) -> Result<FileFormat> {
        let format = self.format.unwrap_or_else(|| self.guess(text));
        for (option, is_given, fits) in [
            ("--map", !self.map.is_empty(), format == Format::Csv),
            (
                "--set",
                !self.set.is_empty(),
                matches!(format, Format::Csv | Format::Keycloak),
            ),
            ("--role", !self.role.is_empty(), format == Format::Keycloak),
        ] {
            if is_given && !fits {
                bail!("{option} does not fit the format of the file: give it with --format");
            }
        }
        let mapping = Mapping {
            columns: self.map.iter().cloned().collect(),
            defaults: self.set.iter().cloned().collect(),
            roles: self.role.clone(),
        };
        if let Some(unknown) = mapping.unknown_fields().first() {
            bail!(
                "there is no field {unknown}: expected one of {}",
                FIELDS.join(", ")
            );
        }
        if let Some((_, unknown)) = self
            .role
            .iter()
            .find(|(_, role)| Role::from_name(role).is_none())
        {
            let names = Role::ALL.map(Role::name).join(", ");
            bail!("there is no role {unknown}: expected one of {names}");
        }
        Ok(match format {
            Format::Toml => FileFormat::Toml,
            Format::Json => FileFormat::Json,
            Format::Csv => FileFormat::Csv(mapping),
            Format::Keycloak => FileFormat::Keycloak(mapping),
        })
    }

    fn guess(&self, text: &str) -> Format {
        let extension = self
            .file
            .extension()
            .and_then(|extension| extension.to_str());
        match extension {
            Some("json") => Format::Json,
            Some("csv") => Format::Csv,
            None if text.trim_start().starts_with('{') => Format::Json,
            Some(_) | None => Format::Toml,
        }
    }
}
