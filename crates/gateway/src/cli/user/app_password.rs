//! `isogloss user app-password`: application passwords of a user.

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use isogloss_core::audit::EventKind;
use isogloss_core::directory::{Directory, KnownAppPassword, tidy_label};
use isogloss_core::{AppPassword, Clock as _, SystemClock, User};
use serde_json::{Value, json};

use super::totp::format_timestamp;
use super::{Outcome, UserArg, end_tokens, find, output};
use crate::cli::audited_admin::AuditedAdmin;
use crate::config::ConfigError;
use crate::dialects;

#[derive(Subcommand)]
pub(in crate::cli) enum Command {
    /// Create an application password and print it once
    #[command(after_help = "\
It replaces password and second factor in that dialect only. A new password of the user does not end
it.

Examples:
  isogloss user app-password add ada --dialect bimplus --label 'CAD in room 5'")]
    Add(AddAppPassword),
    /// List a user's application passwords
    List {
        #[command(flatten)]
        who: UserArg,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Revoke an application password and end all tokens of the user
    #[command(after_help = "\
All tokens of the user end, in every dialect, because the gateway does not record which of them were
issued for it.

Examples:
  isogloss user app-password list ada
  isogloss user app-password revoke ada uws2ljnf")]
    Revoke {
        #[command(flatten)]
        who: UserArg,
        /// Identifier, as `list` shows it
        id: String,
    },
}

#[derive(Args)]
pub(in crate::cli) struct AddAppPassword {
    #[command(flatten)]
    who: UserArg,
    /// Dialect in which it is valid
    #[arg(long, value_parser = dialects::names())]
    dialect: String,
    /// Purpose, for instance the name of the program
    #[arg(long, default_value = "")]
    label: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: Command, admin: &AuditedAdmin<'_>) -> Result<Outcome> {
    let directory = admin.directory.as_ref();
    let (Command::Add(AddAppPassword { who, .. })
    | Command::List { who, .. }
    | Command::Revoke { who, .. }) = &command;
    let Some(user) = find(directory, who).await? else {
        return Ok(Outcome::Refused);
    };
    match command {
        Command::Add(new) => add(new, &user, admin).await,
        Command::List { json, .. } => list(&user, json, directory).await,
        Command::Revoke { id, .. } => revoke(&user, &id, admin).await,
    }
}

async fn add(new: AddAppPassword, user: &User, admin: &AuditedAdmin<'_>) -> Result<Outcome> {
    let label = tidy_label(&new.label).map_err(|reason| ConfigError::new("--label", reason))?;
    let password = AppPassword::random().context("no random numbers")?;
    let known = KnownAppPassword {
        digest: password.digest(),
        realm: new.dialect,
        label,
        made_at: SystemClock.now(),
        used_on: None,
    };
    let added = admin.directory.add_app_password(user.id, &known);
    admin
        .change_user(EventKind::AddAppPassword, user, added)
        .await?;
    output::warn_of_readers();
    if new.json {
        let mut described = describe(&known)?;
        described["password"] = password.expose().into();
        output::json(&described)?;
    } else {
        output::text(format_args!(
            "{}: application password {} for {}. It is not shown again:",
            user.user_name,
            known.id(),
            known.realm,
        ))?;
        output::lines(format_args!("\n  {}", password.expose()))?;
    }
    Ok(Outcome::Done)
}

async fn list(user: &User, json: bool, directory: &dyn Directory) -> Result<Outcome> {
    let all = directory.app_passwords(user.id).await?;
    if json {
        let all: Vec<_> = all.iter().map(describe).collect::<Result<_>>()?;
        output::json(&all)?;
        return Ok(Outcome::Done);
    }
    let rows: Vec<_> = all
        .into_iter()
        .map(|known| {
            let used_on = known
                .used_on
                .map_or("never".to_owned(), |day| day.to_string());
            let made = known.made_at.date().to_string();
            vec![known.id(), known.realm, made, used_on, known.label]
        })
        .collect();
    output::table(&["ID", "DIALECT", "CREATED", "LAST USED", "LABEL"], &rows)?;
    Ok(Outcome::Done)
}

async fn revoke(user: &User, id: &str, admin: &AuditedAdmin<'_>) -> Result<Outcome> {
    let directory = admin.directory.as_ref();
    let all = directory.app_passwords(user.id).await?;
    let wanted = all.iter().find(|known| known.id().eq_ignore_ascii_case(id));
    let removed = match wanted {
        Some(known) => {
            let removed = directory.remove_app_password(user.id, known.digest);
            admin
                .change_user_if_needed(EventKind::RevokeAppPassword, user, removed)
                .await?
        }
        None => false,
    };
    let name = &user.user_name;
    if !removed {
        output::error(format_args!("{name}: no application password {id}"));
        return Ok(Outcome::Refused);
    }
    end_tokens(user, admin.sections).await?;
    output::text(format_args!(
        "{name}: application password {id} revoked; all tokens of the user have ended"
    ))?;
    Ok(Outcome::Done)
}

fn describe(known: &KnownAppPassword) -> Result<Value> {
    Ok(json!({
        "id": known.id(),
        "dialect": known.realm,
        "label": known.label,
        "made_at": format_timestamp(known.made_at.replace_nanosecond(0)?)?,
        "last_used": known.used_on.map(|day| day.to_string()),
    }))
}
