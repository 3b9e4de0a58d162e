//! `isogloss key`: keys of applications, services and administrators.

use anyhow::{Context as _, Result};
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use isogloss_core::directory::KeyEntry;
use isogloss_core::{KeyLimits, Scope};
use secrecy::ExposeSecret as _;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::user::first_line;
use super::{Outcome, audited_admin, output};
use crate::admin::api_keys::{ApiKeyView, KeyFilter, NewKey, Rights, realms};
use crate::admin::{AdminError, AdminService};
use crate::bootstrap::{audit, components};
use crate::config::{ConfigError, Sections};
use crate::dialects;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Create a key and print it once
    #[command(after_help = "\
Examples:
  isogloss key add --realm admin --label 'help desk' --scope users:read --scope sessions:write
  isogloss key add --realm introspection --label billing --expires-at 2027-01-01T00:00:00Z
  isogloss key add --realm introspection --label viewer --dialect bimplus --audience archive
  isogloss key add --realm crmcom --label 'web shop' --user mpadministrator
  isogloss key add --realm tokenlogin --label portal --key-stdin < portal.key

Keys of the realm `admin` are for /admin/… at the management listener, keys of `introspection` for
/introspect and /token. --scope limits a key to the given rights; --dialect and --audience bind a
key of `introspection` to tokens of the given dialects and to JWTs for the given audiences. Keys of
a dialect are the ones that its applications send.")]
    Add(AddKey),
    /// List keys by realm and label
    #[command(after_help = "\
Examples:
  isogloss key list
  isogloss key list --realm introspection --search billing")]
    List {
        /// Keys of this realm
        #[arg(long, value_parser = PossibleValuesParser::new(realms()))]
        realm: Option<String>,
        /// Keys that act as this user, by its name
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// Keys with this text in the label, in upper or lower case
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Revoke a key, so that it is no longer accepted
    #[command(after_help = "\
Examples:
  isogloss key revoke 'help desk'
  isogloss key revoke 3fb2c81f90aa
  isogloss key revoke demo --realm admin")]
    Revoke {
        /// Label of the key, or at least the first six digits of its identifier
        #[arg(value_name = "LABEL|ID")]
        name: String,
        /// Only a key of this realm
        #[arg(long, value_parser = PossibleValuesParser::new(realms()))]
        realm: Option<String>,
    },
}

#[derive(Args)]
pub(super) struct AddKey {
    /// Realm in which the key is valid
    #[arg(long, value_parser = PossibleValuesParser::new(realms()))]
    realm: String,
    /// Name of the key in lists and in the audit log
    #[arg(long)]
    label: String,
    /// A right of the key; may repeat. Default: all rights of the realm
    #[arg(long = "scope", value_name = "SCOPE", value_parser = Scope::ALL.map(Scope::name))]
    scopes: Vec<String>,
    /// A dialect whose tokens the key may introspect and exchange; may repeat. Default: all
    #[arg(long = "dialect", value_name = "NAME", value_parser = PossibleValuesParser::new(dialects::names()))]
    dialects: Vec<String>,
    /// An audience of the JWTs that the key may request; may repeat. Default: all
    #[arg(long = "audience", value_name = "NAME")]
    audiences: Vec<String>,
    /// User that the key logs in as, for dialects whose keys log in
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Time of expiry, such as 2027-01-01T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    expires_at: Option<OffsetDateTime>,
    /// Read the key from the first line of the standard input instead of creating one
    #[arg(long)]
    key_stdin: bool,
    /// Accept a key that can be guessed, for one that applications already use
    #[arg(long, requires = "key_stdin")]
    allow_weak: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: Command, sections: &Sections) -> Result<Outcome> {
    let directory = components::directory(sections).await?;
    let audit = audit::open_for_command(&sections.audit, &directory)?;
    let service = AdminService { directory, audit };
    let outcome = match command {
        Command::Add(new) => add(new, &service).await,
        Command::List {
            realm,
            user,
            search,
            json,
        } => {
            let filter = KeyFilter {
                realm,
                user,
                search,
            };
            list(&filter, json, &service).await
        }
        Command::Revoke { name, realm } => {
            let revoked = service.revoke_key(&name, realm.as_deref()).await;
            match revoked {
                Ok(key) => {
                    output::text(format_args!(
                        "{} ({}, {}): revoked",
                        key.label,
                        key.realm,
                        key.id()
                    ))?;
                    Ok(Outcome::Done)
                }
                Err(error) => refused(error, "key revoke"),
            }
        }
    };
    audited_admin::flush_audit(&service.audit).await;
    outcome
}

async fn add(new: AddKey, service: &AdminService) -> Result<Outcome> {
    let key = NewKey {
        realm: new.realm,
        label: new.label,
        user: new.user,
        scopes: listed(new.scopes),
        dialects: listed(new.dialects),
        audiences: listed(new.audiences),
        expires_at: new.expires_at,
        text: new.key_stdin.then(first_line).transpose()?,
        allow_weak: new.allow_weak,
    };
    let (text, key) = match service.add_key(key, &Rights::ALL).await {
        Ok(made) => made,
        Err(error) => return refused(error, "key add"),
    };
    if !new.key_stdin {
        output::warn_of_readers();
    }
    if new.json {
        let mut shown = serde_json::to_value(ApiKeyView::from(&key))?;
        if !new.key_stdin {
            shown["key"] = text.expose_secret().into();
        }
        output::json(&shown)?;
    } else if new.key_stdin {
        output::text(format_args!(
            "{} ({}, {}): added",
            key.label,
            key.realm,
            key.id()
        ))?;
    } else {
        output::text(format_args!(
            "{} ({}, {}): added. It is not shown again:",
            key.label,
            key.realm,
            key.id(),
        ))?;
        output::lines(format_args!("\n  {}", text.expose_secret()))?;
    }
    Ok(Outcome::Done)
}

/// Returns the values of an option that may repeat; `None` if it was not given.
fn listed(values: Vec<String>) -> Option<Vec<String>> {
    (!values.is_empty()).then_some(values)
}

async fn list(filter: &KeyFilter, json: bool, service: &AdminService) -> Result<Outcome> {
    let mut keys = service.keys().await?;
    keys.retain(|key| filter.matches(key));
    let shown: Vec<_> = keys.iter().map(ApiKeyView::from).collect();
    if json {
        output::json(&json!(shown))?;
        return Ok(Outcome::Done);
    }
    let rows: Vec<_> = shown.into_iter().zip(&keys).map(row).collect();
    let heading = [
        "ID",
        "REALM",
        "LABEL",
        "USER",
        "SCOPES",
        "DIALECTS",
        "AUDIENCES",
        "EXPIRES",
    ];
    output::table(&heading, &rows)?;
    Ok(Outcome::Done)
}

fn row((shown, key): (ApiKeyView, &KeyEntry)) -> Vec<String> {
    // Keys of other realms are not about dialects or audiences.
    let has_limits = KeyLimits::apply_to(&key.realm);
    let limit = |names: Option<Vec<String>>| match names {
        Some(names) => names.join(" "),
        None if has_limits => "all".to_owned(),
        None => String::new(),
    };
    vec![
        shown.id,
        shown.realm,
        shown.label,
        shown.user.unwrap_or_default(),
        key.scopes.to_string(),
        limit(shown.dialects),
        limit(shown.audiences),
        shown.expires_at.unwrap_or_else(|| "never".to_owned()),
    ]
}

/// Returns the outcome for an error of the service: a configuration error (exit code 2) for an invalid request,
/// an error if it is unknown whether the change was made, otherwise a refusal with a message.
fn refused(error: AdminError, command: &str) -> Result<Outcome> {
    match error {
        AdminError::Malformed(reason) => Err(ConfigError::new(command, reason).into()),
        AdminError::NotFound(reason)
        | AdminError::Conflict(reason)
        | AdminError::Forbidden(reason) => {
            output::error(reason);
            Ok(Outcome::Refused)
        }
        AdminError::Unavailable(error) => {
            Err(error).context("run `isogloss key list` to see whether the change was made")
        }
    }
}

/// Parses a time in RFC 3339. Fails with a message for any other text.
fn moment(text: &str) -> Result<OffsetDateTime, String> {
    let moment = OffsetDateTime::parse(text, &Rfc3339);
    moment.map_err(|_| "expected a time such as 2027-01-01T00:00:00Z".to_owned())
}
